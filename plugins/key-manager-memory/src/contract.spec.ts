import { describeContract } from '@parsec/plugin-testing';
import plugin from './index.js';

describeContract({
  plugin,
  options: {},
  cannot: {
    'invalid options are refused': 'it has no options',
    'a failed open releases everything': 'opening does nothing',
    'no error and no log line holds a secret': 'nothing secret is given to it',
    'a call that pends ends when it is aborted': 'no call waits for anybody',
    'keys outlive their instance': 'they live in memory only',
  },
});

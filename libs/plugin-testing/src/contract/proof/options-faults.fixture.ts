import { lookup } from 'node:dns';
import { readFileSync } from 'node:fs';
import type { Type } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { Allow } from 'class-validator';
import type { ContractFixture } from '../fixture.js';
import type { BrokenPlugin } from './broken-plugin.fixture.js';
import { GOOD_DATA_SOURCE } from './data-sources.fixture.js';
import { GoodOptions } from './good-instance.fixture.js';

function optionsThat(effect: () => void): Type<object> {
  class EffectiveOptions extends GoodOptions {
    @Transform(({ value }: { value: unknown }) => {
      effect();
      return value;
    })
    declare readonly file: string;
  }
  return EffectiveOptions;
}

function withOptions(options: Type<object>): ContractFixture<'data_source'> {
  return { ...GOOD_DATA_SOURCE, plugin: { ...GOOD_DATA_SOURCE.plugin, options } };
}

class LenientOptions {
  @Allow()
  readonly file!: string;
  @Allow()
  readonly token!: string;
  @Allow()
  readonly no_such_option!: unknown;
}

/** What plugins of every kind can do wrong with their options, shown with data sources. */
export const OPTIONS_FAULTS: readonly BrokenPlugin<'data_source'>[] = [
  {
    check: 'the registry takes it',
    fault: 'has a malformed type',
    says: 'has a type that is not a word',
    fixture: { ...GOOD_DATA_SOURCE, plugin: { ...GOOD_DATA_SOURCE.plugin, type: 'Not A Word' } },
  },
  {
    check: 'valid options are accepted',
    fault: 'refuses its own options',
    says: 'token must be a string',
    fixture: { ...GOOD_DATA_SOURCE, options: { file: 'there' } },
  },
  {
    check: 'an unknown option is refused',
    fault: 'takes any option',
    says: 'Missing expected exception',
    fixture: withOptions(LenientOptions),
  },
  {
    check: 'invalid options are refused',
    fault: 'takes any value',
    says: 'accepted: invalidOptions[0]',
    fixture: withOptions(LenientOptions),
  },
  {
    check: 'reading options does no I/O',
    fault: 'reads a file to check its options',
    says: 'fs.readFileSync',
    fixture: withOptions(optionsThat(() => readFileSync('package.json'))),
  },
  {
    check: 'reading options does no I/O',
    fault: 'resolves a name to check its options',
    says: 'dns.lookup',
    fixture: withOptions(optionsThat(() => lookup('127.0.0.1', () => {}))),
  },
  {
    check: 'reading options does no I/O',
    fault: 'starts a timer while it checks its options',
    says: 'timers.setTimeout',
    fixture: withOptions(optionsThat(() => clearTimeout(setTimeout(() => {}, 0)))),
  },
];

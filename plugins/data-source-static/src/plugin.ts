import { definePlugin } from '@parsec/plugin-sdk';
import { StaticDataSourceOptions } from './options.js';
import { StaticDataSource } from './static-data-source.js';

/** The data source `static`. */
export default definePlugin({
  kind: 'data_source',
  type: 'static',
  apiVersion: 1,
  options: StaticDataSourceOptions,
  instance: StaticDataSource,
});

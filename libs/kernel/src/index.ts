export { Generation, type InstanceSpecification } from './generation.js';
export { openInstance, type Instance, type InstanceSurroundings } from './instance.js';
export { loadPlugins, type PluginLoadProblem } from './load-plugins.js';
export { PluginRegistry, type RegisteredPlugin } from './registry.js';

export { exchangeForm, signIn, type SignedIn } from './calls.js';
export { startDemoIdentityProvider, type DemoIdentityProvider, type DemoIdentityProviderOptions } from './demo-identity-provider.js';
export { DEMO_API, DEMO_CLIENT, DEMO_GRANT, makeProviderKey } from './demo-provider.js';
export { DEMO_GATEWAY, DEMO_WORKLOADS_ISSUER, type DemoWorkloads } from './demo-workloads.js';
export { becomesReady, spawnParsec, type ParsecProcess } from './parsec-process.js';
export { Provider, silently } from './oidc-provider.js';
export { freePort } from './ports.js';
export { loopbackUrl, QUICKSTART_CONFIG, quickstartFlags, type QuickstartPlaces } from './quickstart-config.js';

export { TokenIssuer, type IssuedToken, type TokenFacts, type TokenIssuerOptions } from './token-issuer.js';

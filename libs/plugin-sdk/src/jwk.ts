/** A JSON Web Key (RFC 7517 section 4) with the members that public keys of JWS have. */
export interface JWK {
  readonly kty: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly key_ops?: readonly string[];
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

/** A JWK Set (RFC 7517 section 5). */
export interface JSONWebKeySet {
  readonly keys: readonly JWK[];
}

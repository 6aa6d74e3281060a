/** The options of the authorizer `allow_all`: there are none. */
export class AllowAllAuthorizerOptions {}

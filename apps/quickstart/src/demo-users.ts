/** A user of the demonstration identity provider. */
export interface DemoUser {
  /** What its tokens say about it. */
  readonly claims: { readonly sub: string; readonly email: string; readonly groups: readonly string[] };
  /** What it may let an application do with the demonstration API. */
  readonly scopes: readonly string[];
}

/** Every scope of the demonstration API. */
export const API_SCOPES: readonly string[] = ['orders.read', 'orders.write', 'profile'];

/** The users by name. Alice may trade, bob may only look. */
export const DEMO_USERS: ReadonlyMap<string, DemoUser> = new Map([
  ['alice', { claims: { sub: 'alice', email: 'alice@example.com', groups: ['traders', 'staff'] }, scopes: API_SCOPES }],
  ['bob', { claims: { sub: 'bob', email: 'bob@example.com', groups: ['staff'] }, scopes: ['orders.read', 'profile'] }],
]);

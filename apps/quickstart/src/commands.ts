import { EXAMPLE_CONTEXT, EXAMPLE_DETAILS } from './calls.js';
import { DEMO_CLIENT, DEMO_GRANT } from './demo-provider.js';

/** A command to paste into a shell, and what it is for. */
export interface Command {
  readonly purpose: string;
  /** Lines that belong together, without what continues them. They need nothing but curl and any Node. */
  readonly lines: readonly string[];
}

/** The commands that the quickstart prints; each uses what the ones before it kept in variables. */
export function commands(tokenServiceUrl: string, identityProviderUrl: string): readonly Command[] {
  return [
    {
      purpose: 'Alice signs in, and her application has an access token:',
      lines: [
        `ACCESS_TOKEN=$(curl -s ${identityProviderUrl}/token -u ${DEMO_CLIENT.id}:${DEMO_CLIENT.secret}`,
        `  -d grant_type=${DEMO_GRANT} -d username=alice -d scope=orders.write`,
        `  | node -pe 'JSON.parse(fs.readFileSync(0)).access_token'); echo $ACCESS_TOKEN`,
      ],
    },
    {
      purpose: 'The gateway, which shows who it is with an assertion of its own, exchanges it for a Txn-Token:',
      lines: [
        `ANSWER=$(curl -s ${tokenServiceUrl}/v1/token`,
        `  -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange`,
        `  -d requested_token_type=urn:ietf:params:oauth:token-type:txn_token`,
        `  -d audience=trust-domain.example -d scope=trade.stocks`,
        `  -d subject_token=$ACCESS_TOKEN -d subject_token_type=urn:ietf:params:oauth:token-type:access_token`,
        `  -d client_assertion=$(curl -s ${identityProviderUrl}/workload/assertion)`,
        `  -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer`,
        `  --data-urlencode 'request_context=${JSON.stringify(EXAMPLE_CONTEXT)}'`,
        `  --data-urlencode 'request_details=${JSON.stringify(EXAMPLE_DETAILS)}'); echo $ANSWER`,
      ],
    },
    {
      purpose: 'This is what the Txn-Token says:',
      lines: [`echo $ANSWER | node -pe 'Buffer.from(JSON.parse(fs.readFileSync(0)).access_token.split(".")[1], "base64url").toString()'`],
    },
    {
      purpose: 'Anyone fetches the keys that verify it:',
      lines: [`curl -s -w '\\n' ${tokenServiceUrl}/.well-known/jwks.json`],
    },
  ];
}

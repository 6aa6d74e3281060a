/** What the SDK would find on the machine of a developer, and what a test gives it instead. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret-of-the-access-key',
  AWS_SESSION_TOKEN: 'token-of-the-session',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};
const ABSENT = [
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_PROFILE',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_KMS',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
];

/** Texts of the environment that nobody may read in an error or a log. */
export const SECRETS = ['secret-of-the-access-key', 'token-of-the-session'];

/** Puts the environment in place, with changes; `undefined` takes a variable away. */
export function setEnvironment(changes: Readonly<Record<string, string | undefined>> = {}): void {
  for (const name of ABSENT) delete process.env[name];
  for (const [name, value] of Object.entries({ ...ENVIRONMENT, ...changes })) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

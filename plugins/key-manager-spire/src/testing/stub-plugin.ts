/**
 * A SPIRE key manager plugin for tests, run as a program of its own: real keys, kept in a file, and faults on demand.
 * Its configuration is JSON: see {@link StubConfiguration}. It prints the handshake that `STUB_HANDSHAKE` says, where that is set,
 * answers nothing where `STUB_HANG` is, and serves over TCP where `STUB_TCP` is.
 */
import { spawn } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import * as protocol from '../protocol.js';
import { signEcdsa, signPkcs1, signPss } from './sign-digest.js';

/** What a call of a method does instead of what it should; by the method's name, or for all by `*`. */
export type Fault =
  'hang' | 'die' | 'fail' | 'garbage' | 'nothing' | 'wrong_key' | 'wrong_fingerprint' | 'wrong_name' | 'wrong_type' | 'malformed';
export type Faults = Readonly<Record<string, Fault>>;

export interface StubConfiguration {
  /** Where the keys are kept. */
  readonly keys?: string;
  /** A file with {@link Faults} in JSON, read at each call; there are none where it is missing. */
  readonly faults?: string;
  /** Refuse this configuration, with a message that quotes it. */
  readonly refuse?: boolean;
  /** A file to write to stderr. */
  readonly stderr?: string;
  /** Where to write the process id of a program that it starts. */
  readonly companion?: string;
  /** Write its environment to stderr. */
  readonly tellEnvironment?: boolean;
  /** Do not end when asked to. */
  readonly stubborn?: boolean;
}

interface SignRequest {
  readonly keyId: string;
  readonly data: Buffer;
  readonly signerOpts?: 'hashAlgorithm' | 'pssOptions';
  readonly hashAlgorithm: string;
  readonly pssOptions: { readonly saltLength: number } | null;
}

const GENERATORS: Readonly<Record<string, () => { privateKey: KeyObject }>> = {
  EC_P256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EC_P384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  RSA_2048: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

let configuration: StubConfiguration = {};
let source = '';

/** Key name to its type and PEM. */
function readKeys(): Record<string, { type: string; pem: string }> {
  const file = configuration.keys;
  if (file === undefined || !existsSync(file)) return {};
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, { type: string; pem: string }>;
}

function shown(id: string, type: string, pem: string): protocol.PublicKeyMessage {
  const pkixData = createPublicKey(pem).export({ format: 'der', type: 'spki' });
  return { id, type, pkixData, fingerprint: createHash('sha256').update(pkixData).digest('hex') };
}

/** The shown form of a key, with whatever is to be wrong about it. */
function faulty(key: protocol.PublicKeyMessage, fault: Fault | undefined): protocol.PublicKeyMessage | null {
  switch (fault) {
    case 'nothing':
      return null;
    case 'malformed':
      return { ...key, pkixData: Buffer.from('no key') };
    case 'wrong_name':
      return { ...key, id: `${key.id}x` };
    case 'wrong_type':
      return { ...key, type: key.type === 'RSA_2048' ? 'EC_P256' : 'RSA_2048' };
    case 'wrong_fingerprint':
      return { ...key, fingerprint: '' };
    case 'wrong_key':
      return shown(key.id, String(key.type), pemOfNew(String(key.type)));
    default:
      return key;
  }
}

function pemOfNew(type: string): string {
  return GENERATORS[type]!().privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
}

function keyOf(id: string): { type: string; pem: string } {
  const key = readKeys()[id];
  if (key === undefined) throw Object.assign(new Error(`no key ${id}`), { code: status.NOT_FOUND });
  return key;
}

const methods: Record<string, (request: never, fault: Fault | undefined) => object> = {
  Init: () => ({ pluginServiceNames: [protocol.KEY_MANAGER_SERVICE, protocol.CONFIG_SERVICE] }),
  Deinit: () => ({}),
  Configure({ hclConfiguration }: { hclConfiguration: string }) {
    source = hclConfiguration;
    configuration = JSON.parse(source === '' ? '{}' : source) as StubConfiguration;
    if (configuration.refuse) throw Object.assign(new Error(`refused: ${source}`), { code: status.INVALID_ARGUMENT });
    if (configuration.stderr !== undefined) process.stderr.write(readFileSync(configuration.stderr));
    if (configuration.tellEnvironment) {
      process.stderr.write(`${JSON.stringify({ '@level': 'debug', '@message': 'environment', environment: process.env })}\n`);
    }
    if (configuration.companion !== undefined) {
      const companion = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      writeFileSync(configuration.companion, String(companion.pid));
    }
    return {};
  },
  Check: () => ({ status: 'SERVING' }),
  Shutdown() {
    if (!configuration.stubborn) setImmediate(() => process.exit(0));
    return {};
  },
  GenerateKey({ keyId, keyType }: { keyId: string; keyType: string }, fault) {
    const key = { type: keyType, pem: pemOfNew(keyType) };
    writeFileSync(configuration.keys!, JSON.stringify({ ...readKeys(), [keyId]: key }));
    return { publicKey: faulty(shown(keyId, key.type, key.pem), fault) };
  },
  GetPublicKey({ keyId }: { keyId: string }, fault) {
    const { type, pem } = keyOf(keyId);
    return { publicKey: faulty(shown(keyId, type, pem), fault) };
  },
  GetPublicKeys(_request, fault) {
    const keys = Object.entries(readKeys()).map(([id, { type, pem }]) => faulty(shown(id, type, pem), fault));
    return { publicKeys: keys.filter((key) => key !== null) };
  },
  SignData({ keyId, data, signerOpts, pssOptions }: SignRequest, fault) {
    const { type, pem } = keyOf(keyId);
    const key = createPrivateKey(fault === 'wrong_key' ? pemOfNew(type) : pem);
    const signRsa = signerOpts === 'pssOptions' ? signPss : signPkcs1;
    const signature = type === 'RSA_2048' ? signRsa(key, data, pssOptions?.saltLength ?? 0) : signEcdsa(key, data);
    const keyFingerprint = fault === 'wrong_fingerprint' ? 'another' : shown(keyId, type, pem).fingerprint;
    return { signature: fault === 'malformed' ? Buffer.concat([signature, Buffer.of(0)]) : signature, keyFingerprint };
  },
};

function faultOf(name: string): Fault | undefined {
  if (configuration.faults === undefined || !existsSync(configuration.faults)) return undefined;
  const faults = JSON.parse(readFileSync(configuration.faults, 'utf8')) as Faults;
  return faults[name] ?? faults['*'];
}

function answer(name: string, request: never, reply: sendUnaryData<object>): void {
  const fault = faultOf(name);
  if (fault === 'hang' || process.env['STUB_HANG'] !== undefined) return;
  if (fault === 'die') process.exit(3);
  try {
    if (fault === 'fail') throw Object.assign(new Error(`failed with ${source}`), { code: status.INTERNAL });
    reply(null, methods[name]!(request, fault));
  } catch (error) {
    const { message, code = status.UNKNOWN } = error as Error & { code?: status };
    reply({ code, details: message }, null);
  }
}

/** A definition of the service whose answers are what no client can read, when that is the fault. */
function definitionOf(service: string): never {
  const methodsOf = protocol.SERVICES[service] as unknown as Record<string, { responseSerialize: (message: object) => Buffer }>;
  return Object.fromEntries(
    Object.entries(methodsOf).map(([name, method]) => [
      name,
      {
        ...method,
        responseSerialize: (message: object) =>
          faultOf(name) === 'garbage' ? Buffer.from([0x0a, 0xff]) : method.responseSerialize(message),
      },
    ]),
  ) as never;
}

if (process.env['KeyManager'] !== 'KeyManager' || process.env['PLUGIN_PROTOCOL_VERSIONS'] !== '1') {
  process.stderr.write('This is a plugin, and not to be run by hand.\n');
  process.exit(1);
}

const server = new Server();
for (const service of [
  protocol.INIT_SERVICE,
  protocol.CONFIG_SERVICE,
  protocol.HEALTH_SERVICE,
  protocol.CONTROLLER_SERVICE,
  protocol.KEY_MANAGER_SERVICE,
]) {
  const names = Object.keys(protocol.SERVICES[service] as object);
  const handlers = names.map((name) => [
    name,
    ({ request }: ServerUnaryCall<never, object>, reply: sendUnaryData<object>) => answer(name, request, reply),
  ]);
  server.addService(definitionOf(service), Object.fromEntries(handlers) as never);
}
server.addService(definitionOf(protocol.STDIO_SERVICE), {
  StreamStdio(stream: ServerWritableStream<object, object>) {
    stream.write({ channel: 1, data: Buffer.from('printed\n') });
  },
});
const isTcp = process.env['STUB_TCP'] !== undefined;
const socket = `${process.env['TMPDIR']}/plugin.sock`;
server.bindAsync(isTcp ? '127.0.0.1:0' : `unix:${socket}`, ServerCredentials.createInsecure(), (_error, port) => {
  const address = isTcp ? `tcp|127.0.0.1:${port}` : `unix|${socket}`;
  process.stdout.write(`${process.env['STUB_HANDSHAKE'] ?? `1|1|${address}|grpc|`}\nand more\n`);
});

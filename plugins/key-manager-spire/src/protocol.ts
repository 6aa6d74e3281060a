import { fromJSON } from '@grpc/proto-loader';

/** A method of gRPC with the types of its messages. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  /** Throws whatever it likes where the bytes are no such message. */
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

type Packages = Readonly<Record<string, object>>;
type Services = Readonly<Record<string, Readonly<Record<string, Method<never, never>>>>>;

export const KEY_MANAGER_SERVICE = 'spire.plugin.server.keymanager.v1.KeyManager';
export const CONFIG_SERVICE = 'spire.service.common.config.v1.Config';
export const INIT_SERVICE = 'spire.service.private.init.v1.Init';
export const HEALTH_SERVICE = 'grpc.health.v1.Health';
export const CONTROLLER_SERVICE = 'plugin.GRPCController';
export const STDIO_SERVICE = 'plugin.GRPCStdio';
export const BROKER_SERVICE = 'plugin.GRPCBroker';

/** A public key as plugins tell it. What an answer leaves out is empty or zero. */
export interface PublicKeyMessage {
  readonly id: string;
  /** The name of the type; a number where it is none that is known here. */
  readonly type: string | number;
  readonly pkixData: Buffer;
  readonly fingerprint: string;
}

/** With which hash function, and which padding of RSA, a digest is signed. */
export type SignerOptions =
  | { readonly hashAlgorithm: 'SHA256' | 'SHA384' }
  | { readonly pssOptions: { readonly saltLength: number; readonly hashAlgorithm: 'SHA256' } };

/**
 * The services that a host of SPIRE key managers calls, with the fields it needs: go-plugin's own, the health checking of gRPC, and SPIRE's.
 * Fields are known by their numbers; others are skipped.
 */
export const SERVICES = fromJSON(
  nest({
    plugin: {
      Empty: { fields: {} },
      ConnInfo: { fields: { serviceId: { type: 'uint32', id: 1 } } },
      StdioData: { fields: { channel: { type: 'int32', id: 1 }, data: { type: 'bytes', id: 2 } } },
      GRPCBroker: {
        methods: { StartStream: { requestType: 'ConnInfo', requestStream: true, responseType: 'ConnInfo', responseStream: true } },
      },
      GRPCStdio: { methods: { StreamStdio: { requestType: 'Empty', responseType: 'StdioData', responseStream: true } } },
      GRPCController: { methods: { Shutdown: { requestType: 'Empty', responseType: 'Empty' } } },
    },
    'grpc.health.v1': {
      ServingStatus: { values: { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } },
      HealthCheckRequest: { fields: { service: { type: 'string', id: 1 } } },
      HealthCheckResponse: { fields: { status: { type: 'ServingStatus', id: 1 } } },
      Health: { methods: { Check: { requestType: 'HealthCheckRequest', responseType: 'HealthCheckResponse' } } },
    },
    'spire.service.private.init.v1': {
      InitRequest: { fields: { hostServiceNames: { rule: 'repeated', type: 'string', id: 1 } } },
      InitResponse: { fields: { pluginServiceNames: { rule: 'repeated', type: 'string', id: 1 } } },
      DeinitRequest: { fields: {} },
      DeinitResponse: { fields: {} },
      Init: {
        methods: {
          Init: { requestType: 'InitRequest', responseType: 'InitResponse' },
          Deinit: { requestType: 'DeinitRequest', responseType: 'DeinitResponse' },
        },
      },
    },
    'spire.service.common.config.v1': {
      CoreConfiguration: { fields: { trustDomain: { type: 'string', id: 1 } } },
      ConfigureRequest: {
        fields: { coreConfiguration: { type: 'CoreConfiguration', id: 1 }, hclConfiguration: { type: 'string', id: 2 } },
      },
      ConfigureResponse: { fields: {} },
      Config: { methods: { Configure: { requestType: 'ConfigureRequest', responseType: 'ConfigureResponse' } } },
    },
    'spire.plugin.server.keymanager.v1': {
      KeyType: { values: { UNSPECIFIED_KEY_TYPE: 0, EC_P256: 1, EC_P384: 2, RSA_2048: 3, RSA_4096: 4 } },
      HashAlgorithm: { values: { UNSPECIFIED_HASH_ALGORITHM: 0, SHA256: 5, SHA384: 6 } },
      PublicKey: {
        fields: {
          id: { type: 'string', id: 1 },
          type: { type: 'KeyType', id: 2 },
          pkixData: { type: 'bytes', id: 3 },
          fingerprint: { type: 'string', id: 4 },
        },
      },
      GenerateKeyRequest: { fields: { keyId: { type: 'string', id: 1 }, keyType: { type: 'KeyType', id: 2 } } },
      GenerateKeyResponse: { fields: { publicKey: { type: 'PublicKey', id: 1 } } },
      GetPublicKeyRequest: { fields: { keyId: { type: 'string', id: 1 } } },
      GetPublicKeyResponse: { fields: { publicKey: { type: 'PublicKey', id: 1 } } },
      GetPublicKeysRequest: { fields: {} },
      GetPublicKeysResponse: { fields: { publicKeys: { rule: 'repeated', type: 'PublicKey', id: 1 } } },
      PSSOptions: { fields: { saltLength: { type: 'int32', id: 1 }, hashAlgorithm: { type: 'HashAlgorithm', id: 2 } } },
      SignDataRequest: {
        oneofs: { signerOpts: { oneof: ['hashAlgorithm', 'pssOptions'] } },
        fields: {
          keyId: { type: 'string', id: 1 },
          data: { type: 'bytes', id: 2 },
          hashAlgorithm: { type: 'HashAlgorithm', id: 3 },
          pssOptions: { type: 'PSSOptions', id: 4 },
        },
      },
      SignDataResponse: { fields: { signature: { type: 'bytes', id: 1 }, keyFingerprint: { type: 'string', id: 2 } } },
      KeyManager: {
        methods: {
          GenerateKey: { requestType: 'GenerateKeyRequest', responseType: 'GenerateKeyResponse' },
          GetPublicKey: { requestType: 'GetPublicKeyRequest', responseType: 'GetPublicKeyResponse' },
          GetPublicKeys: { requestType: 'GetPublicKeysRequest', responseType: 'GetPublicKeysResponse' },
          SignData: { requestType: 'SignDataRequest', responseType: 'SignDataResponse' },
        },
      },
    },
  }),
  { defaults: true, arrays: true, oneofs: true, enums: String },
);

export const init = method<{ hostServiceNames: string[] }, { pluginServiceNames: string[] }>(INIT_SERVICE, 'Init');
export const deinit = method<object, object>(INIT_SERVICE, 'Deinit');
export const configure = method<{ coreConfiguration: { trustDomain: string }; hclConfiguration: string }, object>(
  CONFIG_SERVICE,
  'Configure',
);
export const check = method<{ service: string }, { status: string | number }>(HEALTH_SERVICE, 'Check');
export const shutdown = method<object, object>(CONTROLLER_SERVICE, 'Shutdown');
export const streamStdio = method<object, { channel: number; data: Buffer }>(STDIO_SERVICE, 'StreamStdio');
export const startStream = method<{ serviceId: number }, object>(BROKER_SERVICE, 'StartStream');

export const generateKey = method<{ keyId: string; keyType: string }, { publicKey: PublicKeyMessage | null }>(
  KEY_MANAGER_SERVICE,
  'GenerateKey',
);
export const getPublicKey = method<{ keyId: string }, { publicKey: PublicKeyMessage | null }>(KEY_MANAGER_SERVICE, 'GetPublicKey');
export const getPublicKeys = method<object, { publicKeys: PublicKeyMessage[] }>(KEY_MANAGER_SERVICE, 'GetPublicKeys');
export const signData = method<{ keyId: string; data: Uint8Array } & SignerOptions, { signature: Buffer; keyFingerprint: string }>(
  KEY_MANAGER_SERVICE,
  'SignData',
);

function method<Request, Response>(service: string, name: string): Method<Request, Response> {
  return (SERVICES as unknown as Services)[service]![name] as unknown as Method<Request, Response>;
}

/** Packages by their dotted names, in the nested form that the loader reads. */
function nest(packages: Packages): { nested: Record<string, object> } {
  const root: { nested: Record<string, object> } = { nested: {} };
  for (const [name, members] of Object.entries(packages)) {
    let at = root;
    for (const part of name.split('.')) at = (at.nested[part] ??= { nested: {} }) as typeof root;
    Object.assign(at.nested, members);
  }
  return root;
}

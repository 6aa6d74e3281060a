import { MapOf, Optional } from '@parsec/plugin-sdk';
import { IsArray, IsNotEmpty, IsString } from 'class-validator';
import { AdminSection } from './admin-section.js';
import { DataSourceSection } from './data-source-section.js';
import { ExpectText } from './expect-that.js';
import { InstanceSection } from './instance-section.js';
import { ObservabilitySection } from './observability-section.js';
import { OutgoingSection } from './outgoing-section.js';
import { ReplaySection } from './replay-section.js';
import { Section } from './section.js';
import { ServerSection } from './server-section.js';
import { SignerSection } from './signer-section.js';
import { StateSection } from './state-section.js';
import { TokenIssuerSection } from './token-issuer-section.js';

/** Every key of the configuration, with its default. Fields are named like the keys. */
export class ConfigurationSettings {
  /** The name of the trust domain, which is `aud` of every Txn-Token. Required. */
  @ExpectText('1 to 255 visible ASCII characters without spaces', /^[\x21-\x7e]{1,255}$/)
  readonly trust_domain!: string;

  @Section(() => ServerSection)
  readonly server: ServerSection = new ServerSection();

  /** Left out, there is no `/admin`. */
  @Optional()
  @Section(() => AdminSection)
  readonly admin?: AdminSection;

  /** Packages or paths that bring further plugin types. Loading one runs its code. */
  @IsArray()
  @IsString({ each: true })
  @IsNotEmpty({ each: true })
  readonly plugins: string[] = [];

  /** Whom to trust. At least one. */
  @MapOf(() => InstanceSection)
  readonly trust_stores: Map<string, InstanceSection> = new Map();

  /** What holds signing keys. At least one. */
  @MapOf(() => InstanceSection)
  readonly key_managers: Map<string, InstanceSection> = new Map();

  /** What else is known about a subject, requester or request. */
  @MapOf(() => DataSourceSection)
  readonly data_sources: Map<string, DataSourceSection> = new Map();

  /** Who may have which token. */
  @MapOf(() => InstanceSection)
  readonly authorizers: Map<string, InstanceSection> = new Map();

  /** What signs tokens. */
  @MapOf(() => SignerSection)
  readonly signers: Map<string, SignerSection> = new Map();

  /** What mints tokens. At least one. */
  @MapOf(() => TokenIssuerSection)
  readonly token_issuers: Map<string, TokenIssuerSection> = new Map();

  @Section(() => ObservabilitySection)
  readonly observability: ObservabilitySection = new ObservabilitySection();

  @Section(() => OutgoingSection)
  readonly outgoing: OutgoingSection = new OutgoingSection();

  @Section(() => ReplaySection)
  readonly replay: ReplaySection = new ReplaySection();

  @Section(() => StateSection)
  readonly state: StateSection = new StateSection();
}

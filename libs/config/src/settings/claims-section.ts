import { IsCelExpression, Optional } from '@parsec/plugin-sdk';
import { CLAIMS_SCOPE } from '@parsec/plugin-sdk/cel';
import { Equals } from 'class-validator';
import { Section } from './section.js';

/** One step in the making of a claim; exactly one of its keys is there. */
export class MappingSection {
  /** `true`: takes over the believed members of `request_details`. */
  @Optional()
  @Equals(true)
  readonly details?: true;

  /** `true`: takes over the believed members of `request_context`. */
  @Optional()
  @Equals(true)
  readonly context?: true;

  /** A CEL expression that yields a map. */
  @Optional()
  @IsCelExpression(CLAIMS_SCOPE)
  readonly cel?: string;
}

/** How the context claims of a token are made. */
export class ClaimsSection {
  /** The transaction context; left out, the token has none. */
  @Optional()
  @Section(() => MappingSection)
  readonly tctx?: MappingSection[];

  /** The request context; left out, the token has none. */
  @Optional()
  @Section(() => MappingSection)
  readonly rctx?: MappingSection[];
}

import type { JsonObject } from '@parsec/plugin-sdk';
import { Transform } from 'class-transformer';
import { IsNotEmpty, IsObject, IsString } from 'class-validator';

/** One instance of a plugin: a trust store, a key manager, an authorizer. */
export class InstanceSection {
  /** The plugin's type. Required. */
  @IsString()
  @IsNotEmpty()
  readonly type!: string;

  /** What the plugin is told, as it was written; the plugin's own class checks it. */
  @IsObject()
  // The plugin's class is the one to transform it; here not even a name that class-transformer dislikes may be lost.
  @Transform(({ obj }: { obj: { options?: unknown } }) => obj.options, { toClassOnly: true })
  readonly options: JsonObject = {};
}

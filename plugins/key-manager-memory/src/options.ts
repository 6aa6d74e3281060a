/** The options of the key manager `memory`: there are none. */
export class MemoryKeyManagerOptions {}

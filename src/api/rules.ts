/** A rule of the contract beyond types and bounds: a CEL expression that must hold at a place. */
export interface Rule {
  /** Names from the object down; `*` stands for each item of a list or each value of a map. */
  readonly path: readonly string[];
  /** CEL; `self` is the value at the path. */
  readonly rule: string;
  readonly message: string;
  /** The field that the message is about, below the path, where it is not the path itself. */
  readonly fieldPath?: string;
}

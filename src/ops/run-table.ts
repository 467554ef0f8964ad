/**
 * Everything that changes while a graph or a context runs. Nodes never change; the data that a run adds to a node is
 * stored here, by owner and by class.
 */
export class RunTable {
  readonly #parts = new Map<new () => unknown, WeakMap<object, unknown>>()

  /** Returns the owner's data of a class. The first call creates it. */
  of<S>(owner: object, Kind: new () => S): S {
    let parts = this.#parts.get(Kind)
    if (!parts) {
      parts = new WeakMap()
      this.#parts.set(Kind, parts)
    }
    let part = parts.get(owner) as S | undefined
    if (part === undefined) {
      part = new Kind()
      parts.set(owner, part)
    }
    return part
  }
}

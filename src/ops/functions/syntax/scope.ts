/** A declared variable, compared by identity. */
export interface Binding {
  readonly name: string
}

/** A region of text in which declared names are visible. References are resolved after the whole text has been read. */
export class Scope {
  readonly #parent: Scope | undefined
  readonly #bindings = new Map<string, Binding>()
  /** The scope to which a `var` inside this one belongs. */
  readonly vars: Scope
  /** Whether `this`, `super` and `new.target` are bound here. */
  readonly ownThis: boolean

  /**
   * - `block`: braces, loops, catch clauses, class heads.
   * - `arrow`: parameters or body of an arrow function.
   * - `own`: parameters of an ordinary function, class fields and static blocks.
   */
  constructor(parent: Scope | undefined, kind: 'block' | 'arrow' | 'own') {
    this.#parent = parent
    this.vars = kind === 'block' && parent !== undefined ? parent.vars : this
    this.ownThis = kind === 'own' || (parent?.ownThis ?? false)
  }

  /** A name declared twice (`var`) is one variable. */
  declare(name: string): Binding {
    const binding = this.#bindings.get(name) ?? { name }
    this.#bindings.set(name, binding)
    return binding
  }

  find(name: string): Binding | undefined {
    return this.#bindings.get(name) ?? this.#parent?.find(name)
  }
}

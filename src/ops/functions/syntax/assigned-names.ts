import type {
  AnonymousFunctionDeclaration,
  AnyNode,
  FunctionDeclaration,
  Pattern,
  Program,
  VariableDeclaration,
} from 'acorn'
import { children, type FunctionNode, parseModule } from './parse.js'
import { namesOf } from './pattern-names.js'

/** Longer files are not read: parsing costs 20 ms for this many characters, and the program is probably a bundle. */
const LONGEST = 300_000

/** By these names, code may assign a variable without naming it. */
const HIDING = new Set(['eval', 'arguments'])

/**
 * Returns the names of variables and parameters that a file never assigns after it has declared them, so that a value
 * they have stays theirs. Looks at names, not at scopes: a name that the file assigns anywhere is not among them, nor is
 * that of a function, a class or an import.
 */
export function neverAssigned(text: string): ReadonlySet<string> {
  const program = text.length <= LONGEST ? parseModule(text) : undefined
  if (!program) return new Set()
  const { declared, assigned } = new NameReader(program)
  if ([...HIDING].some((name) => assigned.has(name))) return new Set()
  return new Set([...declared].filter((name) => !assigned.has(name)))
}

class NameReader {
  /** Declarations by `const` and `let`, and parameters. */
  readonly declared = new Set<string>()
  readonly assigned = new Set<string>()
  /** Declarations by `var` as a statement of a function or the file, which run once in a scope. */
  readonly #vars = new Map<string, number>()

  constructor(program: Program) {
    this.#body(program)
    // A `var` may declare a parameter again, and assigns it then.
    for (const [name, times] of this.#vars) {
      if (times > 1 || this.declared.has(name)) this.assigned.add(name)
      else this.declared.add(name)
    }
  }

  #body({ body }: { readonly body: readonly AnyNode[] }): void {
    for (const statement of body) {
      const inner = statement.type === 'ExportNamedDeclaration' ? (statement.declaration ?? statement) : statement
      if (inner.type === 'VariableDeclaration' && inner.kind === 'var') this.#once(inner)
      else this.#visit(inner)
    }
  }

  #once(node: VariableDeclaration): void {
    for (const { name } of node.declarations.flatMap(({ id }) => namesOf(id)))
      this.#vars.set(name, (this.#vars.get(name) ?? 0) + 1)
    for (const { id, init } of node.declarations) for (const part of [id, init]) if (part) this.#visit(part)
  }

  #declare(patterns: readonly Pattern[]): void {
    for (const { name } of patterns.flatMap(namesOf)) this.declared.add(name)
  }

  #assign(pattern: Pattern): void {
    for (const { name } of namesOf(pattern)) this.assigned.add(name)
  }

  #visit(node: AnyNode): void {
    switch (node.type) {
      case 'Identifier':
        if (HIDING.has(node.name)) this.assigned.add(node.name)
        return
      case 'VariableDeclaration': {
        const patterns = node.declarations.map(({ id }) => id)
        if (node.kind === 'var') patterns.forEach((pattern) => this.#assign(pattern))
        else this.#declare(patterns)
        break
      }
      case 'AssignmentExpression':
        this.#assign(node.left)
        break
      case 'UpdateExpression':
        this.#assign(node.argument as Pattern)
        break
      case 'ForInStatement':
      case 'ForOfStatement':
        if (node.left.type !== 'VariableDeclaration') this.#assign(node.left)
        break
      case 'CatchClause':
        if (node.param) this.#declare([node.param])
        break
      case 'ImportSpecifier':
      case 'ImportDefaultSpecifier':
      case 'ImportNamespaceSpecifier':
        this.assigned.add(node.local.name)
        return
      case 'ClassDeclaration':
      case 'ClassExpression':
        if (node.id) this.assigned.add(node.id.name)
        break
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#function(node)
        return
    }
    for (const child of children(node)) this.#visit(child)
  }

  #function(node: FunctionNode | FunctionDeclaration | AnonymousFunctionDeclaration): void {
    if (node.id) this.assigned.add(node.id.name)
    this.#declare(node.params)
    for (const param of node.params) this.#visit(param)
    if (node.body.type === 'BlockStatement') this.#body(node.body)
    else this.#visit(node.body)
  }
}

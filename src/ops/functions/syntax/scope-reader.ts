import type { AnyNode, Class, Identifier, Pattern } from 'acorn'
import { IMPORT_META, IMPORT_OBJECT } from './loader-names.js'
import { children, type FunctionNode } from './parse.js'
import { type Binding, Scope } from './scope.js'

/** A use of a name, or of `this`, `super` and the like. */
export interface Reference {
  readonly node: AnyNode
  readonly name: string
  readonly scope: Scope
  /** In `__vite_ssr_import_0__.join`: the loader's part, `__vite_ssr_import_0__`. `name` is then `join`. */
  readonly loaderName?: string
}

/** Finds the names that a function declares and uses, by the scoping rules of strict mode. */
export class ScopeReader {
  readonly references: Reference[] = []
  /** Declared identifiers, by their start position. */
  readonly declarations = new Map<number, Binding>()

  constructor(node: FunctionNode) {
    this.#function(node, new Scope(undefined, 'arrow'), true)
  }

  #refer(node: AnyNode, name: string, scope: Scope, loaderName?: string): void {
    this.references.push({ node, name, scope, loaderName })
  }

  #bind(id: Identifier, scope: Scope): void {
    this.declarations.set(id.start, scope.declare(id.name))
  }

  /** `outermost`: its `this` belongs to no object, because operations call it without one. */
  #function(node: FunctionNode | (AnyNode & { type: 'FunctionDeclaration' }), outer: Scope, outermost = false): void {
    const arrow = node.type === 'ArrowFunctionExpression'
    const named = new Scope(outer, 'block')
    if (node.type === 'FunctionExpression' && node.id) this.#bind(node.id, named)
    // Parameters and body are two scopes, because a parameter's default does not see the body's variables.
    const params = new Scope(named, arrow || outermost ? 'arrow' : 'own')
    if (!arrow) params.declare('arguments')
    for (const param of node.params) this.#declare(param, params, params)
    const body = new Scope(params, 'arrow')
    if (node.body.type === 'BlockStatement') for (const statement of node.body.body) this.#visit(statement, body)
    else this.#visit(node.body, body)
  }

  #class(node: Class, outer: Scope): void {
    const head = new Scope(outer, 'block')
    if (node.id) this.#bind(node.id, node.type === 'ClassDeclaration' ? outer : head)
    if (node.superClass) this.#visit(node.superClass, head)
    for (const member of node.body.body) {
      if (member.type === 'StaticBlock') {
        const block = new Scope(head, 'own')
        for (const statement of member.body) this.#visit(statement, block)
        continue
      }
      if (member.computed) this.#visit(member.key, head)
      if (member.value) this.#visit(member.value, member.type === 'PropertyDefinition' ? new Scope(head, 'own') : head)
    }
  }

  /** Declares a pattern's names in `target`. Defaults and computed keys are read in `scope`. */
  #declare(pattern: Pattern, target: Scope, scope: Scope): void {
    switch (pattern.type) {
      case 'Identifier':
        this.#bind(pattern, target)
        return
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') this.#declare(property.argument, target, scope)
          else {
            if (property.computed) this.#visit(property.key, scope)
            this.#declare(property.value, target, scope)
          }
        }
        return
      case 'ArrayPattern':
        for (const element of pattern.elements) if (element) this.#declare(element, target, scope)
        return
      case 'RestElement':
        this.#declare(pattern.argument, target, scope)
        return
      case 'AssignmentPattern':
        this.#declare(pattern.left, target, scope)
        this.#visit(pattern.right, scope)
        return
      case 'MemberExpression':
        this.#visit(pattern, scope)
        return
    }
  }

  // biome-ignore lint/complexity/noExcessiveLinesPerFunction: one case for each type of node, in one place
  #visit(node: AnyNode, scope: Scope): void {
    switch (node.type) {
      case 'Identifier':
        this.#refer(node, node.name === IMPORT_META ? 'import.meta' : node.name, scope)
        return
      case 'ThisExpression':
      case 'Super':
        if (!scope.ownThis) this.#refer(node, node.type === 'Super' ? 'super' : 'this', scope)
        return
      case 'MetaProperty':
        if (node.meta.name === 'import') this.#refer(node, 'import.meta', scope)
        else if (!scope.ownThis) this.#refer(node, 'new.target', scope)
        return
      case 'FunctionDeclaration':
        if (node.id) this.#bind(node.id, scope)
        this.#function(node, scope)
        return
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#function(node, scope)
        return
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#class(node, scope)
        return
      case 'VariableDeclaration':
        for (const { id, init } of node.declarations) {
          this.#declare(id, node.kind === 'var' ? scope.vars : scope, scope)
          if (init) this.#visit(init, scope)
        }
        return
      case 'BlockStatement':
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#children(node, new Scope(scope, 'block'))
        return
      case 'SwitchStatement': {
        this.#visit(node.discriminant, scope)
        const cases = new Scope(scope, 'block')
        for (const branch of node.cases) this.#visit(branch, cases)
        return
      }
      case 'CatchClause': {
        const clause = new Scope(scope, 'block')
        if (node.param) this.#declare(node.param, clause, clause)
        this.#visit(node.body, clause)
        return
      }
      case 'LabeledStatement':
        this.#visit(node.body, scope)
        return
      case 'BreakStatement':
      case 'ContinueStatement':
        return
      case 'Property':
        if (node.computed) this.#visit(node.key, scope)
        this.#visit(node.value, scope)
        return
      case 'MemberExpression':
        this.#member(node, scope)
        return
      default:
        this.#children(node, scope)
        return
    }
  }

  #member(node: AnyNode & { type: 'MemberExpression' }, scope: Scope): void {
    const { object, property } = node
    if (!node.computed && object.type === 'Identifier' && IMPORT_OBJECT.test(object.name)) {
      // The name of a default import is lost, so the loader's name is reported instead.
      if (property.type === 'Identifier' && property.name !== 'default') {
        this.#refer(node, property.name, scope, object.name)
        return
      }
    }
    this.#visit(object, scope)
    if (node.computed) this.#visit(property, scope)
  }

  #children(node: AnyNode, scope: Scope): void {
    for (const child of children(node)) this.#visit(child, scope)
  }
}

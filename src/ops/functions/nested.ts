import type { AnyNode, CallExpression, Pattern } from 'acorn'
import { checkCaptured } from './capture.js'
import { unwrapped } from './env.js'
import type { AnyFunction } from './ref.js'
import { children, type FunctionNode, parseFunction } from './syntax/parse.js'

/**
 * Checks the functions that are written inside `fn` as arguments of operations on its parameters, as in `(rdd) =>
 * rdd.map((x) => x + y)`. They are shipped as text when `fn` runs. The check reports a captured variable before the
 * first batch. Functions created elsewhere are checked when they are used.
 *
 * @throws CaptureError, as the operation itself would.
 */
export function checkNested(fn: AnyFunction, label: string, isOperation: (name: string) => boolean): void {
  const text = String(unwrapped(fn))
  const parsed = parseFunction(text)
  if ('refused' in parsed) return
  const { node: outer, offset } = parsed

  /**
   * Returns the name of the operation that a call invokes, if the call belongs to a chain that starts with one of
   * `names`.
   */
  const operationOf = ({ callee }: CallExpression, names: ReadonlySet<string>): string | undefined => {
    if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier') return undefined
    const { object, property } = callee
    const ofDataset =
      object.type === 'Identifier'
        ? names.has(object.name)
        : object.type === 'CallExpression' && operationOf(object, names) !== undefined
    return ofDataset && isOperation(property.name) ? property.name : undefined
  }

  const visit = (node: AnyNode, names: ReadonlySet<string>): void => {
    const operation = node.type === 'CallExpression' ? operationOf(node, names) : undefined
    if (operation !== undefined) {
      for (const argument of (node as CallExpression).arguments.filter(isFunction)) {
        checkCaptured(text.slice(argument.start - offset, argument.end - offset), `${label}, ${operation}`)
      }
    }
    // A parameter of an inner function may shadow one of these names.
    const hidden = isFunction(node) && node !== outer ? node.params.flatMap(namesOf) : []
    const seen = hidden.length > 0 ? new Set([...names].filter((name) => !hidden.includes(name))) : names
    for (const child of children(node)) visit(child, seen)
  }
  visit(outer, new Set(outer.params.flatMap(namesOf)))
}

function isFunction(node: AnyNode): node is FunctionNode {
  return node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression'
}

function namesOf(pattern: Pattern): string[] {
  if (pattern.type === 'Identifier') return [pattern.name]
  return pattern.type === 'ArrayPattern' ? pattern.elements.flatMap((element) => (element ? namesOf(element) : [])) : []
}

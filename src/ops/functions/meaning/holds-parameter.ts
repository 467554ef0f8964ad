import type { AnyNode } from 'acorn'
import type { AnyFunction } from '../ref.js'
import { children, parseFunction } from '../syntax/parse.js'

/** With these names, a function reaches its parameters by other ways. */
const REFLECTING = ['arguments', 'eval']

/**
 * Returns whether a function may keep its parameter at an index beyond the call. It does not if its own text, outside of
 * inner functions, only calls `methods` of the parameter. Cost: one parse, about 1 ms per kB.
 */
export function holdsParameter(fn: AnyFunction, index: number, methods: ReadonlySet<string>): boolean {
  const parsed = parseFunction(Function.prototype.toString.call(fn))
  if ('refused' in parsed || parsed.node.async || parsed.node.generator) return true
  const { params, body } = parsed.node
  if (params.some(({ type }) => type !== 'Identifier')) return true
  const param = params[index]
  const names = new Set(REFLECTING)
  if (param?.type === 'Identifier') names.add(param.name)
  return isHeld(body, names, methods)
}

function isHeld(node: AnyNode, names: ReadonlySet<string>, methods: ReadonlySet<string>): boolean {
  if (node.type === 'Identifier') return names.has(node.name)
  // An inner function may run later.
  const own = 'params' in node ? NO_METHODS : methods
  const called = node.type === 'CallExpression' && isMethod(node.callee, own) ? node.callee.object : undefined
  const parts = called?.type === 'Identifier' && node.type === 'CallExpression' ? node.arguments : children(node)
  return parts.some((part) => isHeld(part, names, own))
}

const NO_METHODS: ReadonlySet<string> = new Set()

function isMethod(callee: AnyNode, methods: ReadonlySet<string>): callee is AnyNode & { type: 'MemberExpression' } {
  return (
    callee.type === 'MemberExpression' &&
    !callee.computed &&
    callee.property.type === 'Identifier' &&
    methods.has(callee.property.name)
  )
}

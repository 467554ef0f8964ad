import type { AnyNode } from 'acorn'
import { parseFunction } from '../syntax/parse.js'
import type { Known } from './read-expression.js'

/** A function of two numbers: Math.max or Math.min. */
export type ReadMerge = 'greatest' | 'lowest'

/** `(a, b) => Math.max(a, b)` is at most this long, unless its names are. */
const LONGEST = 120
const METHODS: ReadonlyMap<string, ReadMerge> = new Map([
  ['max', 'greatest'],
  ['min', 'lowest'],
])

/** Returns the merge of two values that a function's text is; undefined for another function. */
export function readMerge(text: string, { global, constants }: Known): ReadMerge | undefined {
  if (constants.has('Math') || text.length > LONGEST) return undefined
  const parsed = parseFunction(text)
  if ('refused' in parsed) return undefined
  const { params, body, async, generator, type } = parsed.node
  // A name of its own may be `Math`.
  if (type === 'FunctionExpression' && parsed.node.id) return undefined
  const names = params.map((param) => (param.type === 'Identifier' ? param.name : ''))
  if (async || generator || names.length !== 2 || names.includes('Math') || names[0] === names[1]) return undefined
  const call = returned(body)
  if (call?.type !== 'CallExpression' || call.callee.type !== 'MemberExpression' || call.optional) return undefined
  const { object, property, computed, optional } = call.callee
  if (computed || optional || object.type !== 'Identifier' || object.name !== 'Math') return undefined
  const args = call.arguments.map((arg) => (arg.type === 'Identifier' ? arg.name : undefined))
  // Both orders are the same: of 0 and -0 the result is one, whichever comes first, and of NaN it is NaN.
  if (args.length !== 2 || args[0] === args[1] || !args.every((arg) => arg !== undefined && names.includes(arg)))
    return undefined
  const merge = property.type === 'Identifier' ? METHODS.get(property.name) : undefined
  if (merge) global('Math')
  return merge
}

function returned(body: AnyNode): AnyNode | undefined {
  if (body.type !== 'BlockStatement') return body
  const [only, ...more] = body.body
  return only?.type === 'ReturnStatement' && more.length === 0 ? (only.argument ?? undefined) : undefined
}

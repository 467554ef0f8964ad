import { createRequire } from 'node:module'
import type * as Acorn from 'acorn'
import type { AnyNode, ArrowFunctionExpression, FunctionExpression, Options } from 'acorn'

const require = createRequire(import.meta.url)
/** Loaded with the first text: threads seldom read one, and start sooner without. */
const acorn = (): typeof Acorn => require('acorn')

export type FunctionNode = FunctionExpression | ArrowFunctionExpression

/** A function's text as a tree; positions in the tree are `offset` further than in `text`. */
export interface ParsedFunction {
  readonly node: FunctionNode
  readonly offset: number
  /** Method shorthand (`f(x) { }`), whose text is no expression by itself. */
  readonly method: boolean
}

/** Why a text cannot stand for a function elsewhere; the phrase continues "The function ...". */
export interface Refusal {
  readonly refused: string
}

// A module's rules are strict mode and permit import.meta. Inside the wrapper `new.target` parses, too: what the text
// may not use is then found in the tree and named, instead of ending as a syntax error.
const OPTIONS: Options = { ecmaVersion: 'latest', sourceType: 'module', allowSuperOutsideMethod: true }
const EXPRESSION = ['(function () { return (\n', '\n) })'] as const
const METHOD = ['(function () { return ({\n', '\n}) })'] as const

function returned(text: string, wrapper: readonly [string, string]): AnyNode {
  const program = acorn().parse(wrapper[0] + text + wrapper[1], OPTIONS)
  const statement = program.body[0]
  if (program.body.length === 1 && statement?.type === 'ExpressionStatement') {
    const outer = statement.expression
    const only = outer.type === 'FunctionExpression' && outer.body.type === 'BlockStatement' ? outer.body.body : []
    if (only.length === 1 && only[0]?.type === 'ReturnStatement' && only[0].argument) return only[0].argument
  }
  throw new SyntaxError('The text is more than one expression')
}

/** Where in the text (not the wrapper) acorn stopped. */
function stoppedAt(error: unknown, offset: number): number {
  const { pos } = error as { pos?: number }
  return pos === undefined ? -1 : pos - offset
}

/** Parses what `Function.prototype.toString` returned. About 1 ms a kB; never throws on a bad text. */
export function parseFunction(text: string): ParsedFunction | Refusal {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text))
    return { refused: 'is native code or a bound function: it has no text' }
  let fault: unknown
  try {
    const node = returned(text, EXPRESSION)
    if (node.type === 'ClassExpression') return { refused: 'is a class: wrap its use in a function' }
    if (node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression') {
      return { node, offset: EXPRESSION[0].length, method: false }
    }
    return { refused: `has a text that is no function but a ${node.type}` }
  } catch (error) {
    fault = error
  }
  if (/^(?:static\s+)?(?:async\s*)?(?:[*]\s*)?#/.test(text)) return { refused: 'is a private method of a class' }
  try {
    const node = returned(text, METHOD)
    const property = node.type === 'ObjectExpression' && node.properties.length === 1 ? node.properties[0] : undefined
    if (property?.type === 'Property' && property.kind !== 'init') {
      return { refused: `is a ${property.kind === 'get' ? 'getter' : 'setter'}: write a function that calls it` }
    }
    if (property?.type === 'Property' && property.method && property.value.type === 'FunctionExpression') {
      return { node: property.value, offset: METHOD[0].length, method: true }
    }
    return { refused: 'has a text that is neither a function nor a method' }
  } catch (error) {
    // The attempt that came further tells the real fault.
    if (stoppedAt(error, METHOD[0].length) > stoppedAt(fault, EXPRESSION[0].length)) fault = error
  }
  return { refused: `has a text that is not valid in strict mode (${(fault as Error).message})` }
}

/** The nodes directly below a node, in order of the text. */
export function children(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = []
  for (const value of Object.values(node) as unknown[]) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof child === 'object' && child !== null && 'type' in child) found.push(child as AnyNode)
    }
  }
  return found
}

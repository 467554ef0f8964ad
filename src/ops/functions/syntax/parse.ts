import { createRequire } from 'node:module'
import type * as Acorn from 'acorn'
import type { AnyNode, ArrowFunctionExpression, FunctionExpression, Options, Program } from 'acorn'
import { checkPackageFiles } from '../../../package-root.js'

/**
 * Loads the parser on the first use: few threads parse a text, and the others start sooner. It must not load earlier,
 * because a bundle without `import.meta.url` must reach the check that explains the problem.
 */
function acorn(): typeof Acorn {
  try {
    return createRequire(import.meta.url)('acorn')
  } catch (error) {
    // Functions are parsed before threads start, so a bundle that contains this module fails here first.
    checkPackageFiles()
    throw error
  }
}

export type FunctionNode = FunctionExpression | ArrowFunctionExpression

/** A function's syntax tree. Positions in the tree are `offset` higher than in `text`. */
export interface ParsedFunction {
  readonly node: FunctionNode
  readonly offset: number
  /** Whether it is a method shorthand (`f(x) { }`), whose text is not an expression by itself. */
  readonly method: boolean
}

/** The reason why a text does not mean the same elsewhere, as a phrase that continues "The function ...". */
export interface Refusal {
  readonly refused: string
}

// Module code is in strict mode and may contain import.meta. The wrapper makes `new.target` parse too: forbidden words
// are then found in the tree and named in the error, instead of causing a syntax error.
const OPTIONS: Options = { ecmaVersion: 'latest', sourceType: 'module', allowSuperOutsideMethod: true }
const EXPRESSION = ['(function () { return (\n', '\n) })'] as const
const METHOD = ['(function () { return ({\n', '\n}) })'] as const

function returned(text: string, wrapper: readonly [string, string], { parse }: typeof Acorn): AnyNode {
  const program = parse(wrapper[0] + text + wrapper[1], OPTIONS)
  const statement = program.body[0]
  if (program.body.length === 1 && statement?.type === 'ExpressionStatement') {
    const outer = statement.expression
    const only = outer.type === 'FunctionExpression' && outer.body.type === 'BlockStatement' ? outer.body.body : []
    if (only.length === 1 && only[0]?.type === 'ReturnStatement' && only[0].argument) return only[0].argument
  }
  throw new SyntaxError('The text is more than one expression')
}

/** Returns the position in the text (not in the wrapper) at which acorn stopped. */
function stoppedAt(error: unknown, offset: number): number {
  const { pos } = error as { pos?: number }
  return pos === undefined ? -1 : pos - offset
}

/** Parses the result of `Function.prototype.toString`. About 1 ms per kB; never throws on a bad text. */
export function parseFunction(text: string): ParsedFunction | Refusal {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text))
    return { refused: 'is native code or a bound function: it has no text' }
  const parser = acorn()
  let fault: unknown
  try {
    const node = returned(text, EXPRESSION, parser)
    if (node.type === 'ClassExpression') return { refused: 'is a class: wrap its use in a function' }
    if (node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression') {
      return { node, offset: EXPRESSION[0].length, method: false }
    }
    return { refused: `has a text that is not a function but a ${node.type}` }
  } catch (error) {
    fault = error
  }
  if (/^(?:static\s+)?(?:async\s*)?(?:[*]\s*)?#/.test(text)) return { refused: 'is a private method of a class' }
  try {
    const node = returned(text, METHOD, parser)
    const property = node.type === 'ObjectExpression' && node.properties.length === 1 ? node.properties[0] : undefined
    if (property?.type === 'Property' && property.kind !== 'init') {
      return { refused: `is a ${property.kind === 'get' ? 'getter' : 'setter'}: write a function that calls it` }
    }
    if (property?.type === 'Property' && property.method && property.value.type === 'FunctionExpression') {
      return { node: property.value, offset: METHOD[0].length, method: true }
    }
    return { refused: 'has a text that is neither a function nor a method' }
  } catch (error) {
    // The attempt that got further found the real error.
    if (stoppedAt(error, METHOD[0].length) > stoppedAt(fault, EXPRESSION[0].length)) fault = error
  }
  return { refused: `has a text that is not valid in strict mode (${(fault as Error).message})` }
}

/** Parses a file as a module; undefined if it is not a valid one. Cost: 50 ms for 1 MB, more while the parser is not compiled. */
export function parseModule(text: string): Program | undefined {
  try {
    return acorn().parse(text, { ...OPTIONS, allowReturnOutsideFunction: true, allowHashBang: true })
  } catch {
    return undefined
  }
}

/** Returns the direct children of a node, in the order of the text. */
export function children(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = []
  for (const value of Object.values(node) as unknown[]) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof child === 'object' && child !== null && 'type' in child) found.push(child as AnyNode)
    }
  }
  return found
}

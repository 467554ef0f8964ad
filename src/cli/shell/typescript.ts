import nodeModule, { createRequire } from 'node:module'
import { parse, parseExpressionAt } from 'acorn'

/** Returns a text without its types. Throws a SyntaxError for a text that is not TypeScript. */
export type Stripper = (text: string) => string

/** The text ends too early: more lines may complete it. */
export class IncompleteError extends SyntaxError {}

/** Messages of Node's parser and of esbuild for a text that ends too early. */
const ENDS_EARLY = /<eof>|unexpected eof|end of file|unterminated template/i

/**
 * Returns a function that removes the types of an input: by Node (22.13 or later), or by esbuild, which comes with tsx. Undefined
 * if there is neither.
 */
export function typeStripper(): Stripper | undefined {
  const strip = nodeStripper() ?? esbuildStripper()
  if (!strip) return undefined
  return (text) => {
    if (isObjectLiteral(text)) return text
    try {
      return strip(text)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw ENDS_EARLY.test(message) ? new IncompleteError(message) : error
    }
  }
}

/** As statements, `{ a: 1 }` is a block with a label. The REPL reads it as an object. */
function isObjectLiteral(text: string): boolean {
  if (!/^\s*\{[\s\S]*\}\s*$/.test(text)) return false
  try {
    return parseExpressionAt(text, 0, { ecmaVersion: 'latest' }).end === text.trimEnd().length
  } catch {
    return false
  }
}

function nodeStripper(): Stripper | undefined {
  const { stripTypeScriptTypes } = nodeModule as { stripTypeScriptTypes?: Stripper }
  if (!stripTypeScriptTypes) return undefined
  return (text) => withoutWarnings(() => stripTypeScriptTypes(text))
}

/** Node warns at the first call that the function is experimental: nothing that the user of a shell could act on. */
function withoutWarnings<R>(call: () => R): R {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return call()
  } finally {
    process.emitWarning = emitWarning
  }
}

interface Esbuild {
  transformSync(text: string, options: Readonly<Record<string, unknown>>): { readonly code: string }
}

/** Returns a function that leaves JavaScript as it is: esbuild omits statements without an effect, such as `'a' + 'b'`. */
function esbuildStripper(): Stripper | undefined {
  try {
    const tsx = createRequire(import.meta.url).resolve('tsx')
    const { transformSync } = createRequire(tsx)('esbuild') as Esbuild
    const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } }
    const options = { loader: 'ts', target: 'esnext', logLevel: 'silent', tsconfigRaw }
    return (text) => (isJavaScript(text) ? text : transformSync(text, options).code)
  } catch {
    return undefined
  }
}

/** A call with type arguments, such as `f<number>(1)`: in JavaScript two comparisons. */
const TYPE_ARGUMENTS = /<[^=]*>\s*\(/

function isJavaScript(text: string): boolean {
  if (TYPE_ARGUMENTS.test(text)) return false
  try {
    parse(text, { ecmaVersion: 'latest', allowAwaitOutsideFunction: true })
    return true
  } catch {
    return false
  }
}

import type { AnyNode } from 'acorn'
import { CaptureError } from '../../errors.js'
import { DYNAMIC_IMPORT } from './loader-names.js'
import { children, parseFunction } from './parse.js'
import { ScopeReader } from './scope-reader.js'

export interface FreeVariables {
  /**
   * Names used or assigned but not declared inside, in order of first use; globals are among them. `this`, `super`,
   * `new.target`, `import.meta` and `arguments` appear when they mean those of the surroundings.
   */
  readonly names: readonly string[]
  /** Specifiers of `import('./x')`, which mean a file only next to the module they were written in. */
  readonly relativeImports: readonly string[]
  /** The function as an expression: a method becomes a function, names of loaders the names that were written. */
  readonly text: string
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * Finds the names that a function's text takes from its surroundings. Cost: one parse, about 1 ms a kB, 0.1 ms for a short function.
 * @throws CaptureError if the text is not that of a function that can be written elsewhere.
 */
export function freeVariables(source: string): FreeVariables {
  const parsed = parseFunction(source)
  if ('refused' in parsed) throw new CaptureError(`The function ${parsed.refused}.`, { function: source.slice(0, 200) })
  const { node, offset, method } = parsed
  const names = new Set<string>()
  const edits: Edit[] = []
  for (const { node: place, name, scope, loaderName } of new ScopeReader(node).references) {
    const bound = scope.find(name) !== undefined
    if (loaderName !== undefined) {
      // A written import `join` could not be told from a local `join` once the loader's name is gone: leave it then.
      names.add(bound ? loaderName : name)
      if (!bound) edits.push({ start: place.start, end: place.end, text: name })
    } else if (name === DYNAMIC_IMPORT) edits.push({ start: place.start, end: place.end, text: 'import' })
    else if (!bound) names.add(name)
  }
  let text = source
  for (const edit of edits.sort((a, b) => b.start - a.start)) {
    text = text.slice(0, edit.start - offset) + edit.text + text.slice(edit.end - offset)
  }
  // No edit lies before the parameters: a computed key, the only thing there, is not part of the function.
  if (method) {
    text = `${node.async ? 'async ' : ''}function${node.generator ? '*' : ''} ${text.slice(node.start - offset)}`
  }
  return { names: [...names], relativeImports: relativeImports(node), text }
}

function relativeImports(root: AnyNode): string[] {
  const found: string[] = []
  const visit = (node: AnyNode): void => {
    if (node.type === 'ImportExpression') found.push(...specifiers(node.source, /^\.\.?\//))
    // This loader has made paths of its server out of relative specifiers.
    const byLoader =
      node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === DYNAMIC_IMPORT
    if (byLoader) found.push(...specifiers(node.arguments[0], /^(?:\.\.?)?\//))
    for (const child of children(node)) visit(child)
  }
  visit(root)
  return found
}

function specifiers(source: AnyNode | undefined, pattern: RegExp): string[] {
  return source?.type === 'Literal' && typeof source.value === 'string' && pattern.test(source.value)
    ? [source.value]
    : []
}

import { fileURLToPath } from 'node:url'
import ts from 'typescript-5.4'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The types whose members users call, each with a value of it. Their exact members are pinned in test/types. */
const TYPES = {
  rdd: 'RDD<object>',
  pairRdd: 'RDD<[string, object]>',
  numberRdd: 'RDD<number>',
  stream: 'DStream<object>',
  pairStream: 'DStream<[string, object]>',
  eventStream: 'EventStream<object>',
  eventPairs: 'EventStream<[string, object]>',
  windows: 'EventWindows<object>',
  keyedWindows: 'EventWindows<[string, object]>',
  builder: 'StreamBuilder',
  datasets: 'RddBuilder',
}
/** How a comment says what an operation costs. */
const COST = /\b(narrow|shuffles?|action|output\s+operation|runs\s+(no|a)\s+job)/i
const FIRST_SENTENCE = /^[A-Z][a-z]+s\b.*?[.:]/s

const program = `import type { ${Object.values(TYPES)
  .map((type) => type.replace(/<.*/, ''))
  .filter((name, i, all) => all.indexOf(name) === i)
  .join(', ')} } from 'millrace'
${Object.entries(TYPES)
  .map(([name, type]) => `export declare const ${name}: ${type}`)
  .join('\n')}`

/** The doc comments of every member, as the published declarations have them: one for each overload. */
function comments(): Map<string, readonly string[]> {
  const path = `${ROOT}test/docs/public-face.ts`
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    types: ['node'],
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = (file) => file === path || fileExists(file)
  host.getSourceFile = (file, target) =>
    file === path ? ts.createSourceFile(file, program, target) : getSourceFile.call(host, file, target)
  const source = ts.createProgram([path], options, host)
  const found = new Map<string, readonly string[]>()
  const types = source.getTypeChecker()
  source.getSourceFile(path)!.forEachChild((node) => {
    if (!ts.isVariableStatement(node)) return
    const [variable] = node.declarationList.declarations
    for (const member of types.getPropertiesOfType(types.getTypeAtLocation(variable!))) {
      if (member.name.startsWith('__')) continue
      const texts = (member.declarations ?? []).flatMap((declaration) =>
        ts.getJSDocCommentsAndTags(declaration).flatMap((doc) => (ts.isJSDoc(doc) ? [doc.getText()] : [])),
      )
      found.set(`${variable!.name.getText()}.${member.name}`, texts)
    }
  })
  return found
}

const found = comments()

test('every operation has a doc comment that starts with a verb, names its cost and has an example', () => {
  expect(found.size).toBeGreaterThan(300)
  const wanting = [...found].flatMap(([name, texts]) => {
    if (/\.#/.test(name)) return []
    const bare = texts.map((text) =>
      text
        .replace(/^\/\*\*|\*\/$/g, '')
        .replace(/^\s*\* ?/gm, '')
        .trim(),
    )
    const good = bare.some((text) => FIRST_SENTENCE.test(text) && COST.test(text) && text.includes('```ts'))
    return good ? [] : [`${name}: ${bare.at(-1)?.split('\n')[0] ?? 'no comment'}`]
  })
  expect(wanting).toEqual([])
})

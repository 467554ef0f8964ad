import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Consumers, runIn } from './consumer.js'

const consumers = new Consumers()
afterAll(() => consumers.close())

const BODY = `
  const ctx = new Context({ threads: 1, spare: false })
  console.log('sum', await ctx.parallelize([{ n: 1 }, { n: 2 }]).map(({ n }) => n + 1).sum())
  await ctx.stop()`
const TYPED = `import { Context, definePipeline } from 'millrace'
import { kafkaSource } from 'millrace/kafka'
import { runBatches } from 'millrace/testing'
export const source = kafkaSource({ brokers: 'localhost:9092', topics: ['t'] })
export default definePipeline((ssc) => ssc.queueStream([[1]]).map((n) => n + 1).print())
export const batches = () => runBatches((_ssc, numbers: import('millrace').DStream<number>) => numbers.count(), [[[1, 2]]])
export async function main(): Promise<void> {${BODY}
}
`

test.each([
  ['ESM', 'main.mjs', `import { Context } from 'millrace'${BODY}`, []],
  ['CommonJS by import()', 'main.cjs', `(async () => { const { Context } = await import('millrace')${BODY} })()`, []],
  ['TypeScript by tsx', 'main.ts', `${TYPED}await main()`, ['tsx', 'esbuild']],
] as const)('%s', async (_name, file, text, packages) => {
  const project = consumers.project({ [file]: text, 'package.json': '{ "type": "module" }' }, packages)
  const args = file.endsWith('.ts') ? ['--import', 'tsx', file] : [file]
  expect(await runIn(project, process.execPath, args)).toEqual({ code: 0, stdout: 'sum 5\n', stderr: '' })
})

test.each([
  ['typescript', 'nodenext'],
  ['typescript', 'bundler'],
] as const)('%s accepts the types, strictly, with module resolution %s', async (compiler, resolution) => {
  const module = resolution === 'bundler' ? 'esnext' : 'nodenext'
  const compilerOptions = { target: 'es2022', module, moduleResolution: resolution, strict: true, noEmit: true }
  const more = { skipLibCheck: false, exactOptionalPropertyTypes: true, types: ['node'] }
  const config = JSON.stringify({ compilerOptions: { ...compilerOptions, ...more }, include: ['main.ts'] })
  const files = { 'main.ts': TYPED, 'tsconfig.json': config, 'package.json': '{ "type": "module" }' }
  const project = consumers.project(files, ['@types/node', 'undici-types', compiler])
  const tsc = join(project, 'node_modules', compiler, 'bin', 'tsc')
  expect(await runIn(project, process.execPath, [tsc, '-p', '.'])).toEqual({ code: 0, stdout: '', stderr: '' })
})

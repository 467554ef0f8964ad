import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseCommand } from '#build/cli/arguments.js'
import type { RunCommand } from '#build/cli/run/arguments.js'
import { folderOf } from '../services/install.mjs'
import { hasService } from '../services/service.js'
import { BRIDGE, buildBridge, SparkCluster } from '../services/spark.js'
import { millrace } from './command.js'

// Inside the repository, so that `millrace run` finds the package by its name.
const out = join(import.meta.dirname, '..', '..', 'out')
mkdirSync(out, { recursive: true })
const project = mkdtempSync(join(out, 'submit-'))
afterAll(() => rmSync(project, { recursive: true, force: true }))

function write(name: string, text: string): string {
  const path = join(project, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

const SMALL_SPARK = ['spark.ui.enabled=false', 'spark.driver.host=127.0.0.1', 'spark.driver.bindAddress=127.0.0.1']

function submit(master: string, module: string, ...args: string[]) {
  const conf = [...SMALL_SPARK, 'spark.executor.memory=512m'].flatMap((each) => ['--conf', each])
  const where = ['--spark-home', folderOf('spark'), '--bridge', BRIDGE, '--parallelism', '2']
  return millrace('submit', '--master', master, module, ...where, ...conf, ...args)
}

test.each([
  [['submit', 'words.mjs'], '--master is missing'],
  [['submit', '--master', 'spark://host', 'words.mjs'], "it must be the URL of a Spark master: 'spark://host:7077'"],
  [['submit', '--master', 'local[2]'], 'submit: a module is missing'],
  [['submit', '--master', 'local[2]', 'words.mjs', '--achives', 'a.tgz'], 'Did you mean --archives?'],
  [['submit', '--master', 'local[2]', 'words.mjs', '--conf', 'memory'], "--conf is 'memory'; it must be key=value"],
  [['submt'], 'Did you mean submit?'],
])('%j is refused before anything starts', (args, message) => {
  expect(() => parseCommand(args)).toThrow(message)
})

test('lists of files, archives and settings become the settings of Spark', () => {
  const lists = [
    '--archives',
    'a.tgz#a',
    '--archives',
    'b.tgz#b',
    '--files',
    'c.json',
    '--node',
    'a/bin/node',
    '--name',
    'words',
  ]
  const settings = [
    '--conf',
    'spark.files=d.json',
    '--conf',
    'spark.executor.extraJavaOptions=-Dx=y',
    '--parallelism',
    '16',
  ]
  const { cluster } = parseCommand(['submit', '--master', 'yarn', 'a.ts', ...lists, ...settings]) as RunCommand
  expect(cluster).toEqual({
    master: 'yarn',
    parallelism: 16,
    spark: {
      external: [],
      conf: {
        'spark.app.name': 'words',
        'spark.millrace.node': 'a/bin/node',
        'spark.executor.extraJavaOptions': '-Dx=y',
        'spark.files': 'd.json,c.json',
        'spark.archives': 'a.tgz#a,b.tgz#b',
      },
    },
  })
})

test('a package that esbuild does not find is named, with what to do', async () => {
  const module = write(
    'unfound.mjs',
    "import { definePipeline } from 'millrace'\nimport 'not-there'\nexport default 1\n",
  )
  const command = submit('local[2]', module)
  expect(await command.ended).toEqual({ code: 2, signal: null })
  expect(command.stderr).toMatch(
    /cannot be bundled for the executors: Could not resolve "not-there" at .*unfound\.mjs:2/,
  )
  expect(command.stderr).toContain('--external <package>')
})

describe.runIf(hasService('spark'))('on Spark', () => {
  beforeAll(buildBridge)

  test('a standalone cluster runs a module in TypeScript with its imports, shipped packages and shipped Node, as threads do', async () => {
    // The names of its imports are those that a bundler has to change.
    const module = write(
      'pipeline.ts',
      `import { definePipeline, split as cut } from 'millrace'
      import { double as twice } from './numbers/double.js'
      import { scale } from 'outside'
      const cutting = cut
      const from: string = import.meta.url
      export default definePipeline((ssc, { text = '' }) => {
        const words = ssc.queueStream([[text], [text]]).flatMap(cutting(' ')).map((word) => word.toUpperCase())
        const counts = words.map((word): [string, number] => [word, twice(scale)]).reduceByKey((a, b) => a + b)
        counts.updateStateByKey<number>((more, sum = 0) => more.reduce((a, b) => a + b, sum)).output('sums')
        words.map((word) => \`\${word} \${from.split('/').at(-1)}\`).output('words')
        words.map(() => process.execPath).output('node')
      })`,
    )
    write('numbers/double.ts', 'const base = 2\nexport const double = (n: number): number => n * base\n')
    write('node_modules/outside/package.json', '{ "type": "module", "exports": "./index.js" }')
    write('node_modules/outside/index.js', 'export const scale = 21\n')
    const archive = join(project, 'modules.tgz')
    execFileSync('tar', ['czf', archive, '-C', join(project, 'node_modules'), '.'])
    const node = join(project, 'node.tar')
    execFileSync('tar', [
      'cf',
      node,
      '--transform',
      's|^|shipped/bin/|',
      '-C',
      dirname(process.execPath),
      basename(process.execPath),
    ])
    const shippedNode = ['--archives', `${node}#node`, '--node', `node/shipped/bin/${basename(process.execPath)}`]
    const both = ['--param', 'text=a b a', '--batch-interval', '1d', '--until', 'caught-up', '--json']
    const state = ['--conf', `spark.checkpoint.dir=${join(project, 'state')}`]
    const shipped = [...state, '--external', 'outside', '--archives', `${archive}#node_modules`, ...shippedNode]
    const cluster = await SparkCluster.start(1)
    try {
      const [there, here] = [submit(cluster.master, module, ...both, ...shipped), millrace('run', module, ...both)]
      expect(await here.ended, here.stderr).toEqual({ code: 0, signal: null })
      expect(await there.ended, there.stderr).toEqual({ code: 0, signal: null })
      expect(there.stderr).toContain(`running pipeline.ts, master=${cluster.master}`)
      const records = (of: typeof here, name: string) =>
        of
          .records(name)
          .map((each) => JSON.stringify(each))
          .sort()
      expect(records(there, 'sums')).toEqual(['["A",168]', '["A",84]', '["B",42]', '["B",84]'])
      for (const name of ['sums', 'words']) expect(records(there, name)).toEqual(records(here, name))
      expect(new Set(records(here, 'node'))).toEqual(new Set([JSON.stringify(process.execPath)]))
      for (const path of records(there, 'node')) expect(path).toMatch(/\/work-0\/.*\/node\/shipped\/bin\/node"$/)
      expect(records(there, 'node')).toHaveLength(6)
    } finally {
      await cluster.stop()
    }
  })

  test('a failure exits with 1, the text of the error, and the line of the source', async () => {
    const module = write(
      'fails.ts',
      `import { definePipeline } from 'millrace'
      const checked = (n: number) => {
        if (n === 3) throw new TypeError('three is too much')
        return n
      }
      export default definePipeline((ssc) => ssc.queueStream([[1, 2, 3]]).map(checked).output('checked'))`,
    )
    const command = submit('local[*]', module, '--batch-interval', '100ms')
    expect(await command.ended).toEqual({ code: 1, signal: null })
    expect(command.stderr).toContain('TypeError: three is too much')
    expect(command.stderr).toContain('ERR_MILLRACE_TASK_FAILED')
    expect(command.stderr).toContain(`at checked (${module}:3:`)
  })

  test('SIGTERM processes what was received, and exits with 0', async () => {
    const command = submit('local[2]', 'pushed.mjs', '--batch-interval', '1d', '--json')
    await command.writes('stderr', 'running pushed.mjs')
    command.kill('SIGTERM')
    expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
    expect(command.records('count')).toEqual([5000])
  })
})

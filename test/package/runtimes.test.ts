import { mkdirSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { folderOf } from '../services/install.mjs'
import { hasService } from '../services/service.js'
import { runtimeProgram } from '../services/tools.mjs'
import { Consumers, runIn } from './consumer.js'

/** Two lives of a stream: in each, a thread dies between two pushes; the second resumes from the checkpoint of the first. */
const LIVES = `
import { StreamingContext } from 'millrace'
import { terminateThread } from 'millrace/testing'

for (const [first, ...rest] of [['a', 'b', 'a'], ['a']]) {
  const ssc = await StreamingContext.getOrCreate('checkpoints', () => {
    const ssc = new StreamingContext({ batchInterval: '100ms', threads: 2 })
    ssc
      .pushStream('words')
      .map((word) => [word, 1])
      .updateStateByKey((values, total = 0) => values.reduce((a, b) => a + b, total))
      .output('totals')
    return ssc
  })
  const lost = new Promise((resolve) => ssc.on('threadLost', ({ reason }) => resolve(reason)))
  await ssc.start()
  const words = ssc.pushHandle('words')
  await words.push(first)
  await terminateThread(ssc)
  console.log('a thread was lost:', await lost)
  await words.pushAll(rest)
  await ssc.stop({ graceful: true, timeout: '2m' })
  let totals = []
  for await (const { records } of ssc.output('totals')) totals = records
  console.log(JSON.stringify(totals.sort()))
}
`

/** The parts of the library that depend on the runtime: modules in threads, a driver thread, errors of threads, files, kernels. */
const PIPELINE = `
import { definePipeline } from 'millrace'
const limit = 1
export default definePipeline((ssc) => {
  ssc.queueStream([[1, 2, 3]]).filter((n) => n > limit).output('above')
})
`
const PARTS = `
import { Context, split, StreamingContext } from 'millrace'

const module = new URL('./pipeline.mjs', import.meta.url)
for (const driver of ['host', 'thread']) {
  const ssc = await StreamingContext.fromPipeline(module, { batchInterval: '1s', threads: 1, driver })
  await ssc.start()
  for await (const { records } of ssc.output('above')) {
    console.log(driver, JSON.stringify(records))
    break
  }
  await ssc.stop({ graceful: true, timeout: '2m' })
}
const ctx = new Context({ threads: 2 })
const failed = ctx.parallelize([1]).map(() => null.name).collect()
console.log(await failed.catch(({ code, cause }) => code + ', ' + cause.name))
await ctx.parallelize(['to be', 'or not to be']).saveAsTextFile('saved')
console.log(JSON.stringify((await ctx.textFile('saved').flatMap(split(' ')).countByValue()).get('be')))
await ctx.stop()
`

describe.runIf(hasService('runtimes'))('other runtimes', () => {
  const consumers = new Consumers()
  afterAll(() => consumers.close())
  /** Runs a program, which may warn that its batches are late: the machine may be busy. */
  const outputOf = async (name: string, text: string) => {
    const folder = consumers.project({ 'program.mjs': text, 'pipeline.mjs': PIPELINE, 'package.json': '{}' })
    mkdirSync(`${folder}/home`)
    const program = runtimeProgram(folderOf('runtimes'), name)
    const args = name === 'deno' ? ['run', '--allow-all', 'program.mjs'] : ['program.mjs']
    const env = { HOME: `${folder}/home`, DENO_NO_UPDATE_CHECK: '1' }
    const { code, stdout, stderr } = await runIn(folder, program, args, { env })
    expect(code, stderr).toBe(0)
    return stdout
  }

  describe.each(['node22', 'node24', 'bun', 'deno'])('%s', (name) => {
    test('a stream survives the death of a thread and resumes from a checkpoint', async () => {
      const dead = 'a thread was lost: terminated\n'
      const stdout = `${dead}[["a",2],["b",1]]\n${dead}[["a",3],["b",1]]\n`
      expect(await outputOf(name, LIVES)).toBe(stdout)
    })

    test('pipeline modules, a driver thread, errors of tasks, files', async () => {
      const stdout = 'host [2,3]\nthread [2,3]\nERR_MILLRACE_TASK_FAILED, TypeError\n2\n'
      expect(await outputOf(name, PARTS)).toBe(stdout)
    })
  })
})

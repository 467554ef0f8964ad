import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { folderOf } from '../services/install.mjs'
import { hasService } from '../services/service.js'
import { context, folder } from './support.js'

const run = promisify(execFile)
const flags = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
const classPath = () => `${folderOf('hdfs')}/classes:${folderOf('hdfs')}/jars/*`
const java = (...args: string[]) =>
  run('java', [...flags, '-cp', classPath(), ...args], { maxBuffer: 64 * 1024 * 1024 }).then(({ stdout }) => stdout)
/** What `hdfs dfs -text` prints of local files. */
const textOf = (...paths: string[]) =>
  java('org.apache.hadoop.fs.FsShell', '-text', ...paths.map((path) => `file://${path}`))

const RECORDS = 20_000
const numbers = Array.from({ length: RECORDS }, (_, i) => i)

describe.runIf(hasService('hdfs'))('Hadoop', () => {
  test('reads the SequenceFiles that are written', async () => {
    const ctx = context({ threads: 2 })
    const pairs = ctx.parallelize(numbers, 2).map((i): [string, number] => [`key ü ${i}`, i])
    const path = folder()
    const files: string[] = []
    for (const compression of ['none', 'record', 'block'] as const) {
      await pairs.saveAsSequenceFile(join(path, compression), { compression })
      await pairs.saveAsHadoopFile(join(path, `${compression}-int`), {
        format: 'sequence',
        compression,
        value: 'IntWritable',
      })
      for (const name of [compression, `${compression}-int`])
        files.push(join(path, name, 'part-00000'), join(path, name, 'part-00001'))
    }
    await pairs.saveAsHadoopFile(join(path, 'text'), { compression: 'gzip' })
    files.push(join(path, 'text', 'part-00000.gz'), join(path, 'text', 'part-00001.gz'))
    const lines = numbers.map((i) => `key ü ${i}\t${i}\n`).join('')
    expect(await textOf(...files)).toBe(lines.repeat(7))
  })

  test('writes SequenceFiles that are read, in ranges', async () => {
    const path = folder()
    await java(fileURLToPath(new URL('../services/java/WriteSequences.java', import.meta.url)), path, String(RECORDS))
    const ctx = context({ threads: 2 })
    for (const type of ['NONE', 'RECORD', 'BLOCK']) {
      for (const minPartitions of [1, 7]) {
        const read = (name: string) => ctx.sequenceFile(join(path, `${name}-${type}`), { minPartitions })
        expect(await read('text').collect()).toEqual(numbers.map((i) => [`key ü ${i}`, i * 1_000_003 - 7]))
        const bytes = read('bytes').mapValues((value) => (value as Uint8Array).length)
        expect(await bytes.collect()).toEqual(numbers.map((i) => [i === 0 ? 0 : -i, i % 300]))
        const texts = read('null').mapValues((value) => (value as string).length)
        expect(await texts.collect()).toEqual(numbers.map((i) => [null, i % 200]))
      }
    }
  })
})

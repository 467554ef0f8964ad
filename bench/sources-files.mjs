import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context } from 'millrace'
import { tsImport } from 'tsx/esm/api'
import { median, ratios } from './stats.mjs'

const LINE = 100
const FILES = 4

/**
 * Lines of 100 bytes in local files, on HDFS and on S3, counted; HDFS beside `hdfs dfs -cat` of the same files.
 * Java has its defaults, as in production: servers and shell alike.
 */
export async function runFiles({ bytes, runs, threads }, log) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-files-'))
  const { HdfsService } = await tsImport('../test/services/hdfs.ts', import.meta.url)
  const { S3Service } = await tsImport('../test/services/s3.ts', import.meta.url)
  const [hdfs, s3] = [await HdfsService.start([]), await S3Service.start()]
  const ctx = new Context({ threads, fileSystems: { s3: s3.options } })
  try {
    const count = Math.ceil(bytes / LINE / FILES) * FILES
    const content = Buffer.from(`${'x'.repeat(LINE - 1)}\n`.repeat(count / FILES))
    for (let i = 0; i < FILES; i++) writeFileSync(join(folder, `part-${i}`), content)
    const lines = ctx.textFile(folder, FILES)
    await lines.saveAsTextFile(`${hdfs.url}/lines`)
    await lines.saveAsTextFile('s3://bucket/lines')
    await hdfs.shell(['-touchz', '/empty'])
    const counted = (path) => () => ctx.textFile(path, FILES).count()
    const contenders = {
      file: counted(folder),
      'hdfs dfs -cat': () => cat(hdfs, '/lines/part-*'),
      'empty cat': async () => (await cat(hdfs, '/empty')) + count,
      hdfs: counted(`${hdfs.url}/lines`),
      s3: counted('s3://bucket/lines'),
    }
    const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
    for (let round = 0; round <= runs; round++) {
      for (const [name, contender] of Object.entries(contenders)) {
        const start = performance.now()
        const found = await contender()
        if (found !== count) throw new Error(`${name} counted ${found} of ${count} lines`)
        if (round > 0) times[name].push(performance.now() - start)
      }
    }
    report(times, count * LINE, log)
    return times
  } finally {
    await ctx.stop()
    await hdfs[Symbol.asyncDispose]()
    await s3[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
}

function report({ 'empty cat': empty, ...times }, bytes, log) {
  const shell = times['hdfs dfs -cat']
  for (const [name, all] of Object.entries(times)) {
    const whole = ratios(shell, all).median
    const net = median(all.map((ms, i) => (shell[i] - empty[i]) / ms))
    const beside = `; ${whole.toFixed(2)} of hdfs dfs -cat, ${net.toFixed(2)} of it without the start of its JVM`
    log(`${name.padEnd(14)} ${(bytes / median(all) / 1000).toFixed(0)} MB/s${name === 'hdfs' ? beside : ''}`)
  }
}

/** Counts the lines that the shell prints, as they come. */
function cat(hdfs, path) {
  const { command, args } = hdfs.shellCommand(['-cat', path], [])
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let lines = 0
  child.stdout.on('data', (piece) => {
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) lines++
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve(lines))
  })
}

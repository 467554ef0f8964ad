import { fork } from 'node:child_process'
import { PACKAGE_ROOT } from '../../package-root.js'
import type { StressConfig, StressReport } from './report.js'

/** Heap of each thread, in MiB. It is small, so that a fault fills it quickly and spares the machine's memory. */
const HEAP_MB = 96

/** The process ended before it reported. This counts as a failure, whatever the reason. */
export interface Aborted {
  readonly aborted: string
  /** Whether V8 ended the process instead of the thread with the full heap. */
  readonly heapFull: boolean
}

/** Runs a pipeline in a child process, because V8 may end the whole process when the heap of one worker is full. */
export function runInChild(config: StressConfig): Promise<StressReport | Aborted> {
  const child = fork(new URL('cli/stress/child.js', PACKAGE_ROOT), [JSON.stringify(config)], {
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
    // V8 writes a page of diagnostics to stdout or stderr, which is captured.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let said = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  return new Promise((resolve, reject) => {
    let report: StressReport | undefined
    child.on('message', (message) => {
      report = message as StressReport
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const how = signal ? `by ${signal}` : `with code ${code}`
      const fatal = /FATAL ERROR: .*/.exec(said)?.[0]
      const why = `the process ended ${how} before it could report${fatal ? `: ${fatal}` : `. ${said}`}`
      resolve(report ?? { aborted: why, heapFull: /heap|memory/i.test(fatal ?? '') })
    })
  })
}

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The processes of DuckDB that this process has started. */
export async function duckdbProcesses(): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'ppid=,pid=,args='])
  const lines = stdout.split('\n').map((line) => line.trim().split(/\s+/))
  return lines
    .filter((line) => line[0] === String(process.pid) && line.join(' ').includes('sql/process/entry'))
    .map((line) => Number(line[1]))
}

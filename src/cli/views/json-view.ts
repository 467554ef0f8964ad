import { toJson } from '../../values/json.js'
import { formatStart, type RunTitle, type View, type ViewStreams } from './view.js'

/**
 * One JSON object a line, all on `stdout`, told apart by their first key: `{"batch":time,...}`,
 * `{"output":name,"time":...,"records":[...]}`, `{"print":[lines],"time":...}`.
 */
export function jsonView({ stdout, stderr }: ViewStreams, title: RunTitle): View {
  const write = (value: unknown): void => {
    stdout.write(`${toJson(value)}\n`)
  }
  return {
    started: () => stderr.write(formatStart(title)),
    batch: ({ time, ...row }) => write({ batch: time, ...row }),
    output: (name, time, records) => write({ output: name, time, records }),
    printed: (time, lines) => write({ print: lines, time }),
    close: () => {},
  }
}

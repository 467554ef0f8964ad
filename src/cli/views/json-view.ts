import { toJson } from '../../values/json.js'
import { formatStart, type RunTitle, type View, type ViewStreams } from './view.js'

/**
 * Writes one JSON object per line to `stdout`. The first key distinguishes them: `{"batch":time,...}`,
 * `{"output":name,"time":...,"records":[...]}`, `{"print":[lines],"time":...}`. While stdout is full, the view skips
 * lines of batches; the next one has their number as `notListed`.
 */
export function jsonView({ stdout, stderr }: ViewStreams, title: RunTitle): View {
  const write = (value: unknown): void => {
    stdout.write(`${toJson(value)}\n`)
  }
  let notListed = 0
  return {
    started: () => stderr.write(formatStart(title)),
    batch: ({ time, ...row }) => {
      if (stdout.writableNeedDrain) {
        notListed++
        return
      }
      write(notListed > 0 ? { batch: time, ...row, notListed } : { batch: time, ...row })
      notListed = 0
    },
    output: (name, time, records) => write({ output: name, time, records }),
    printed: (time, lines) => write({ print: lines, time }),
    close: () => {},
  }
}

import { expect, test } from 'vitest'
import { LiveRegion } from '#build/cli/views/live-region.js'

const ESCAPE = String.fromCharCode(27)

/** As much of a terminal as the region uses: lines, cursor up, column 0, erase to the end. */
class Screen {
  lines = ['']

  readonly stream = () => ({
    write: (text: string | Uint8Array): boolean => {
      this.#take(Buffer.from(text as string).toString())
      return true
    },
  })

  get text(): string {
    return this.lines.join('\n')
  }

  // The region ends where the screen does, so going up and erasing the rest come to one thing.
  #take(text: string): void {
    const parts = text.split(new RegExp(`(${ESCAPE}\\[\\d+A\\r${ESCAPE}\\[J)`))
    for (const part of parts) {
      if (!part.startsWith(ESCAPE)) {
        const [first, ...rest] = part.split('\n')
        this.lines[this.lines.length - 1] += first!
        this.lines.push(...rest)
        continue
      }
      const up = Number.parseInt(part.slice(2), 10)
      this.lines = [...this.lines.slice(0, -1 - up), '']
    }
  }
}

function region() {
  const screen = new Screen()
  const [stderr, stdout] = [screen.stream(), screen.stream()]
  return { screen, stderr, stdout, live: new LiveRegion(stderr as never, [stdout as never]) }
}

test('each show draws over the one before, also when it is shorter', () => {
  const { screen, live } = region()
  live.show(['a1', 'b1', 'c1'])
  live.show(['a2', 'b2'])
  expect(screen.text).toBe('a2\nb2\n')
})

test('what others write stays, above the region', () => {
  const { screen, live, stdout, stderr } = region()
  stdout.write('before\n')
  live.show(['table'])
  stdout.write('one\n')
  expect(screen.text).toBe('before\none\n')
  stderr.write(Buffer.from('two\n'))
  live.show(['table'])
  expect(screen.text).toBe('before\none\ntwo\ntable\n')
})

test('a line that is not ended is neither drawn over nor drawn on', () => {
  const { screen, live, stdout } = region()
  live.show(['table'])
  stdout.write('half')
  stdout.write('')
  live.show(['table'])
  expect(screen.text).toBe('half\ntable\n')
})

test('closed, the streams are as they were and the last table stays', () => {
  const { screen, live, stdout, stderr } = region()
  const plain = screen.stream()
  const untouched = plain.write
  const other = new LiveRegion(plain as never)
  expect(plain.write).not.toBe(untouched)
  other.close()
  expect(plain.write).toBe(untouched)
  live.show(['table'])
  live.close()
  stdout.write('summary\n')
  stderr.write('error\n')
  expect(screen.text).toBe('table\nsummary\nerror\n')
})

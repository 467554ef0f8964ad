// Converts the demo's output into screens: the newest table of tags, and below it the events of threads.

const TABLE = /^\d\d:\d\d:\d\d {2}/
const NOTES_SHOWN = 4
const TOGETHER_MS = 50

/**
 * @param {readonly { at: number, text: string }[]} prints everything printed so far, at each time
 * @param {string} command
 * @returns {{ at: number, lines: { text: string, style: string }[] }[]} screens with their times, from 0 ms on
 */
export function demoScreens(prints, command) {
  const screens = []
  let shown = ''
  for (const { at, text } of prints) {
    const lines = screen(text, command)
    const key = JSON.stringify(lines)
    if (key === shown) continue
    shown = key
    const time = at - prints[0].at
    // Several prints in short succession are one screen.
    if (screens.length > 0 && time - screens.at(-1).at < TOGETHER_MS) screens.at(-1).lines = lines
    else screens.push({ at: time, lines })
  }
  return screens
}

function screen(text, command) {
  const blocks = text.split('\n\n').map((block) => block.replace(/\n+$/, '').split('\n'))
  const tables = blocks.map((block) => block.filter((line) => line !== '' && !isNote(line)))
  const table = tables.filter(([first]) => first && TABLE.test(first)).at(-1) ?? []
  const notes = blocks.flat().filter(isNote).slice(-NOTES_SHOWN)
  return [
    { text: `$ ${command}`, style: 'command' },
    { text: '', style: 'plain' },
    ...table.map((line, i) => ({ text: line, style: i === 0 ? 'title' : i < 3 ? 'dim' : 'plain' })),
    { text: '', style: 'plain' },
    ...notes.map((line) => ({ text: line, style: /terminated/.test(line) ? 'bad' : 'good' })),
  ]
}

function isNote(line) {
  return line.startsWith('-- ') || line.startsWith('OK:')
}

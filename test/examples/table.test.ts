import { expect, test } from 'vitest'
import { displayWidth, padded } from '../../examples/support/display-width.mjs'
import { bar, table } from '../../examples/support/table.mjs'
import { tagNames } from '../../examples/support/x-posts.mjs'

test.each([
  ['news', 4],
  ['fútbol', 6],
  ['fu\u0301tbol', 6],
  ['サッカー', 8],
  ['오늘', 4],
  ['東京2', 5],
  ['الرياض', 6],
  ['แฟนมีต', 5],
  ['☕️', 2],
  ['🔥', 2],
  ['', 0],
])('%s takes %i columns', (text, columns) => {
  expect(displayWidth(text)).toBe(columns)
})

test('padding brings every tag to one width', () => {
  const names = tagNames(200)
  expect(new Set(names.map((name) => displayWidth(padded(name, 20))))).toEqual(new Set([20]))
})

test('texts stand left and numbers right, under their headings', () => {
  const rows = [
    ['東京', 1234, 'x'],
    ['ab', 7, ''],
  ]
  expect(table(['tag', 'count', ''], rows)).toBe(
    ['tag   count', '────  ─────  ─', '東京  1,234  x', 'ab        7'].join('\n'),
  )
  expect(table(['tag', 'count'], [])).toBe('tag  count\n───  ─────')
})

test('a bar is exact to an eighth', () => {
  expect([0, 0.5, 1].map((share) => bar(share, 4))).toEqual(['', '██', '████'])
  expect(bar(1 / 4 + 1 / 32, 4)).toBe('█▏')
})

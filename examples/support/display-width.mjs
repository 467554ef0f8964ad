// The width of texts in columns of a terminal.

// Combining marks, joiners and controls of direction.
const ZERO = /[\p{Mn}\p{Me}\p{Cf}\u{1160}-\u{11ff}]/u
// The wide and fullwidth characters of Unicode's UAX 11, approximated by scripts.
const WIDE =
  /[\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{33ff}\u{3400}-\u{4dbf}\u{4e00}-\u{9fff}\u{a000}-\u{a4cf}\u{a960}-\u{a97f}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u
const RIGHT_TO_LEFT = /[\u{590}-\u{8ff}\u{fb1d}-\u{fdff}\u{fe70}-\u{fefc}]/u
/** Ends a run of right-to-left letters, so that later text is not drawn into it. Has no width. */
const LEFT_TO_RIGHT_MARK = '\u200e'

/** @param {string} text without line ends @returns {number} columns */
export function displayWidth(text) {
  let width = 0
  for (const character of text) width += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return width
}

/** @param {string} text @param {number} columns @returns {string} `text` and spaces behind it */
export function padded(text, columns) {
  const mark = RIGHT_TO_LEFT.test(text) ? LEFT_TO_RIGHT_MARK : ''
  return text + mark + ' '.repeat(Math.max(0, columns - displayWidth(text)))
}

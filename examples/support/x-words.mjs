// The texts of the invented posts: language, text before the hashtags, text after them. They contain several scripts,
// characters of one to four bytes, joined emoji, and traps for parsers: quotes, escapes, line ends and JSON.
export const TEXTS = [
  ['en', 'just landed and the coffee here is unreal ☕️', ''],
  ['en', 'Breaking: the river crossed its banks again this morning.', ' – stay safe everyone 🙏'],
  ['en', 'she said "we ship on friday" and then\nwe did not 😅', ''],
  ['en', 'TIL that a path like C:\\temp\\new and a \\u0041 are just text', ' lol'],
  ['en', 'parsing {"entities":{"hashtags":[{"tag":"nope"}]}} by hand, what could go wrong', ' 🤷🏽‍♀️'],
  ['en', 'final whistle! what a match', ' ⚽️🔥🔥 see you next week'],
  ['es', '¿Alguien más sin luz en el barrio? Mañana será otro día', ' 💡'],
  ['es', 'El café está frío pero la mañana es nuestra ☀️', ''],
  ['pt', 'Não acredito que já é sexta-feira! Promoção só até amanhã', ' 🎉'],
  ['fr', 'Le train a encore du retard, à bientôt peut-être…', ' 🚄'],
  ['de', 'Schöne Grüße aus Köln, es regnet natürlich', ' ☔️'],
  ['tr', 'İstanbul’da yine trafik, iyi günler dilerim', ' 🚕'],
  ['ru', 'Сегодня снег выпал раньше обычного, дети счастливы', ' ❄️'],
  ['uk', 'Доброго ранку! Кава, поїзд і гарний настрій', ' 💛'],
  ['el', 'Καλημέρα από τη θάλασσα', ' 🌊'],
  ['ar', 'صباح الخير يا أصدقاء، القهوة جاهزة', ' ☕'],
  ['he', 'בוקר טוב לכולם', ' 🌞'],
  ['hi', 'आज बारिश बहुत तेज़ है, घर पर रहिए', ' 🌧️'],
  ['th', 'วันนี้รถติดมาก ขอให้เดินทางปลอดภัย', ' 🚦'],
  ['ja', '今日のライブ最高でした！みんなありがとう', ' 🎤✨'],
  ['ja', '電車が遅れています。駅は人でいっぱい', ''],
  ['ko', '오늘 경기 정말 재미있었어요', ' 👏👏'],
  ['zh', '刚刚地震了，大家都还好吗？', ' 🏙️'],
  ['und', '😂😂😂', ' 👨‍👩‍👧‍👦'],
]

/** Stems of hashtags; the first are the commonest. More tags than stems: a number follows. */
export const TAG_STEMS = [
  ...['news', 'music', 'サッカー', 'love', 'fútbol', 'новости', 'music_live', '오늘', 'الرياض', 'tech'],
  ...['ライブ', 'weather', 'गाना', 'cinema', 'coffee', 'แฟนมีต', 'são_paulo', '東京', 'gol', 'ai'],
  ...['любовь', 'photo', '음악', 'καλημέρα', 'travel', 'تصويري', 'food', 'élections', 'भारत', 'games'],
  ...['天气', 'münchen', 'gaming', '写真', 'שלום', 'art', 'türkiye', 'погода', 'fashion', '축구'],
]

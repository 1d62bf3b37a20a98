/** Have the browser save a text as a file. */
export function saveFile(name: string, content: string): void {
  const isTable = name.endsWith('.csv');
  // The mark at the front tells a spreadsheet that it is UTF-8.
  const parts = isTable ? ['\u{feff}', content] : [content];
  const url = URL.createObjectURL(new Blob(parts, { type: `text/${isTable ? 'csv' : 'plain'};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

// Keeps short words of code, such as options, on one line: a browser would break them after their
// hyphens.
for (const code of document.querySelectorAll("main code")) {
  if (code.closest("pre") || code.children.length > 0) continue;
  const longest = code.closest("td") ? 18 : 24;
  const words = code.textContent.split(" ").map((word) => {
    const span = document.createElement("span");
    span.textContent = word;
    if (word.length <= longest) span.style.whiteSpace = "nowrap";
    return span;
  });
  code.replaceChildren(...words.flatMap((word, at) => (at > 0 ? [" ", word] : [word])));
}

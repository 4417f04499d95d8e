// Runs in the page before its own scripts. Plain JavaScript: it is handed to the browser as it is.
globalThis.fidusTest = (() => {
  const violations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
  });

  // A paint of the growing answer = an animation frame in which its text is longer than in the one before.
  const written = () => document.querySelector(".writing .prose")?.textContent.length ?? 0;
  const paints = [];
  let scheduled = false;
  const observer = new MutationObserver(() => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame((time) => {
      scheduled = false;
      const length = written();
      if (length > (paints.at(-1)?.length ?? 0)) paints.push({ time, length });
    });
  });
  observer.observe(document, { subtree: true, childList: true, characterData: true });

  const says = [];
  const listen = () => {
    const region = document.querySelector("[role=status]");
    if (!region) return requestAnimationFrame(listen);
    const note = () => region.textContent && says.push(region.textContent);
    new MutationObserver(note).observe(region, { subtree: true, childList: true, characterData: true });
  };
  listen();

  return {
    violations,
    paints,
    says,
    written,
    writing: () => document.querySelector(".writing") !== null,
    // Colours in the middle of a transition are nobody's design: contrast is measured after it.
    settled: () => {
      const bounded = document.getAnimations().filter((animation) => animation.effect.getTiming().iterations !== Infinity);
      return Promise.allSettled(bounded.map((animation) => animation.finished)).then(() => undefined);
    },
    animations: () => document.getAnimations().filter((animation) => animation.playState === "running").length,
    cookies: () => document.cookie,
    scroll: () => {
      const box = document.querySelector(".scroller");
      return { top: Math.round(box.scrollTop), view: box.clientHeight, height: box.scrollHeight };
    },
    // Wheel scrolling is animated: its end is where two frames agree.
    scrolled: () =>
      new Promise((resolve) => {
        const box = document.querySelector(".scroller");
        let last = -1;
        const look = () => {
          if (box.scrollTop === last) return resolve({ top: Math.round(last) });
          last = box.scrollTop;
          requestAnimationFrame(() => requestAnimationFrame(look));
        };
        look();
      }),
    /** What a drag of files with these names carries. */
    filesToDrop: (names) => {
      const transfer = new DataTransfer();
      for (const name of names) transfer.items.add(new File([name], name));
      return transfer;
    },
    clipboard: () => navigator.clipboard.readText(),
    /** How many pixels the page or any unclipped part of it is wider than the screen. */
    overflow: () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    /** The focused control: its name, and whether a ring of at least 2 px is seen on it or on what frames it. */
    focus: () => {
      const element = document.activeElement;
      if (!element || element === document.body) return { name: "", visible: false };
      const ringed = [element, element.closest("form.composer")].some((candidate) => {
        if (!candidate) return false;
        const style = getComputedStyle(candidate);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      });
      const box = element.getBoundingClientRect();
      const seen =
        box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight && getComputedStyle(element).opacity !== "0";
      const name = element.getAttribute("aria-label") ?? element.id ?? "";
      return { name: name || element.textContent.trim(), visible: ringed && seen };
    },
  };
})();

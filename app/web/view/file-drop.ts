import { useEffect, useState } from "preact/hooks";
import { hasKnowledge, openDocuments } from "../state/documents.ts";
import { addFiles } from "../state/uploads.ts";

/** Files dropped anywhere on the page become documents. True while some are held over it. */
export function useFileDrop(): boolean {
  const [dragging, setDragging] = useState(false);
  const on = hasKnowledge.value === true;
  useEffect(() => {
    if (!on) return undefined;
    const over = (event: DragEvent): void => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setDragging(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setDragging(false);
    };
    const drop = (event: DragEvent): void => {
      setDragging(false);
      if (!holdsFiles(event)) return;
      event.preventDefault();
      openDocuments();
      addFiles(event.dataTransfer?.files ?? []);
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, [on]);
  return dragging;
}

const holdsFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes("Files") === true;

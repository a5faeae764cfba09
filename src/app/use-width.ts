import { useLayoutEffect, useRef, useState, type RefObject } from 'react';

/** An element's width in px; 0 until it is laid out. */
export function useWidth(): [RefObject<HTMLDivElement>, number] {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const found = element.current;
    if (found === null) return;
    const measure = (): void => setWidth(found.clientWidth);
    const observer = new ResizeObserver(measure);
    observer.observe(found);
    measure();
    return () => observer.disconnect();
  }, []);
  return [element as RefObject<HTMLDivElement>, width];
}

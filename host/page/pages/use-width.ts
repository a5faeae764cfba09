import { useLayoutEffect, useRef, useState, type RefObject } from 'react';

/** The width of an element in pixels, as it changes. */
export function useWidth(): [RefObject<HTMLDivElement>, number] {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const found = element.current;
    if (found === null) return;
    const measure = (): void => {
      const { paddingLeft, paddingRight } = getComputedStyle(found);
      setWidth(found.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(found);
    measure();
    return () => observer.disconnect();
  }, []);
  return [element as RefObject<HTMLDivElement>, width];
}

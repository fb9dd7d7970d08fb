/** How far a bring-up shall go, in order. `blackstart up --to STAGE` stops after one of them. */
export const STAGES = ['discover', 'undercloud', 'enroll', 'inspect', 'deploy', 'fleet'] as const;
export type Stage = (typeof STAGES)[number];

export const reaches = (to: Stage, stage: Stage): boolean => STAGES.indexOf(to) >= STAGES.indexOf(stage);

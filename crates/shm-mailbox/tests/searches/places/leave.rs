//! Closing: what a sender does under INIT when it has sent all, and whether it unlinks the name.

use super::process::{At, Task};
use super::rules::{Fault, Miss};
use super::state::{State, bits};
use super::world::{Next, World};

impl World {
    /// A sender that has sent all closes. It drops the dead members without labels.
    pub(super) fn close(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let locks = !self.missing(Miss::UnlinkWithoutInit);
        if !self.closes || locks && !s.init_is_free() {
            return;
        }
        let mut t = *s;
        let process = &mut t.processes[p];
        process.init = locks;
        process.task = Task::Close;
        t.open &= !(1 << p);
        self.begin_to_drop(&mut t, p, s.swept());
        push("closes: locks INIT, stores its `life`", Ok(t));
    }

    /// Unlinks the name if the process is the last, nothing is queued, and no label is kept.
    pub(super) fn unlink(&self, t: &mut State, p: usize) -> Result<(), Fault> {
        let is_receiver = self.part(p).is_some();
        t.processes[p].at = if is_receiver { At::Unlock } else { At::Free };
        let stays = if is_receiver {
            let is_never = self.missing(Miss::OnlyTheSenderUnlinks);
            let others = t.members != 0 && !self.missing(Miss::UnlinkUnderReceivers);
            others || t.open != 0 || is_never
        } else {
            let open = match self.miss {
                Some(Miss::UnlinkUnderSenders) => 0,
                Some(Miss::UnlinkAfterDeath) => self.attached(t) & !(1 << p),
                _ => t.open,
            };
            let label = t.members & t.labels != 0 && !self.missing(Miss::UnlinkLabels);
            label || open != 0
        };
        let mut lanes = 0..usize::from(self.lanes);
        let is_queued = |lane: usize| {
            let given = match t.members {
                0 => t.lanes[lane].floor,
                _ => t.given(lane),
            };
            let is_seen = lane == p || !self.missing(Miss::UnlinkOtherLanes);
            is_seen && given != self.committed(&t.lanes[lane])
        };
        if stays || lanes.any(is_queued) {
            return Ok(());
        }
        let goes_on = |q: usize| {
            let process = &t.processes[q];
            let is_alike = is_receiver || self.part(q).is_none();
            q != p && process.at != At::Idle && (is_alike || process.task == Task::Join)
        };
        let fault = if (0..t.processes.len()).any(goes_on) {
            Some(Fault::Orphaned)
        } else if t.is_kept() {
            Some(Fault::Forgotten)
        } else if self.is_any_queued(t) {
            Some(Fault::Lost)
        } else if t.open != 0 {
            Some(Fault::Premature)
        } else {
            None
        };
        t.unlinked = true;
        fault.map_or(Ok(()), Err)
    }

    /// The lanes whose sender is attached.
    fn attached(&self, s: &State) -> u8 {
        let senders = 0..self.lanes;
        let is_there = |&lane: &u8| s.processes[usize::from(lane)].at != At::Idle;
        bits(senders.filter(is_there))
    }

    pub(super) fn is_any_queued(&self, s: &State) -> bool {
        let mut lanes = 0..usize::from(self.lanes);
        lanes.any(|lane| s.given(lane) != self.committed(&s.lanes[lane]))
    }
}

//! A forked child is told from its parent.

mod support;

use shm_core::fork;
use std::thread;
use support::in_child;

#[test]
fn a_token_is_current_in_its_process_and_in_all_its_threads() {
    let token = fork::token().unwrap();
    assert!(token.is_current());
    assert!(fork::token().unwrap().is_current());
    assert!(thread::spawn(move || token.is_current()).join().unwrap());
}

#[test]
fn a_token_is_not_current_in_a_child() {
    let token = fork::token().unwrap();
    in_child(|| assert!(!token.is_current()));
    assert!(token.is_current());
}

#[test]
fn a_child_s_own_token_is_current_and_makes_its_parent_s_no_more_so() {
    let token = fork::token().unwrap();
    in_child(|| {
        let own = fork::token().unwrap();
        assert!(own.is_current());
        assert!(!token.is_current());
    });
    assert!(token.is_current());
}

#[test]
fn every_generation_is_told_from_every_other() {
    let parent = fork::token().unwrap();
    in_child(|| {
        let child = fork::token().unwrap();
        in_child(|| {
            let grandchild = fork::token().unwrap();
            let current = [parent, child, grandchild].map(|token| token.is_current());
            assert_eq!(current, [false, false, true]);
        });
        // A grandchild that never made one either.
        in_child(|| assert!(!parent.is_current() && !child.is_current()));
        assert!(child.is_current());
    });
}

#[test]
fn threads_that_make_the_first_token_together_agree() {
    let tokens: Vec<_> = thread::scope(|scope| {
        let threads = [(); 8].map(|()| scope.spawn(|| fork::token().unwrap()));
        threads.map(|thread| thread.join().unwrap()).into()
    });
    assert!(tokens.iter().all(|token| token.is_current()));
    // Also in a child, where they all start from zero again.
    in_child(|| assert!(tokens.iter().all(|token| !token.is_current())));
}

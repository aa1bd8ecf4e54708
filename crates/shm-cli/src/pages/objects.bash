_shm_objects() {
    local name
    COMPREPLY=()
    while IFS= read -r name; do
        if [[ ${name} == "${1}"* ]]; then
            COMPREPLY+=( "$(printf '%q' "${name}")" )
        fi
    done < <("${COMP_WORDS[0]}" ls -q 2>/dev/null)
}

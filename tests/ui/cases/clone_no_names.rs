use resilience_runtime::retry;

struct Client {
    id: String,
}

impl Client {
    #[retry(clone(&id, self.id))]
    //~ &id | `clone` takes the names of arguments
    //~ self.id | `clone` takes the names of arguments
    async fn f(&self, id: String) -> std::io::Result<usize> {
        Ok(self.id.len() + id.len())
    }
}

#[retry(clone(mut id))]
//~ mut | `clone` takes the names of arguments
async fn f(id: String) -> std::io::Result<usize> {
    Ok(id.len())
}

fn main() {}
